# A message that is read a field at a time: each view is a place in the bits, and walks only as far as it is asked.

@cython.final
@cython.no_gc  # it refers to bytes, a program and the views above it, never to one below: no cycle
@cython.freelist(64)
cdef class MessageView:
    """A part of a message that is read when it is asked for; made by :meth:`rsu.Schema.view`.

    A component is an attribute or an item: ``view.coreData.lat``, ``view["partII-Value"]`` or ``view.partII_Value``. A CHOICE
    or open type has one, which bears the name of its alternative or type: ``view.value.BasicSafetyMessage``. A list has
    ``view[0]``, ``view[-1]`` and iteration. What has no parts comes as the value that ``decode`` gives.

    ``view()`` is the whole value of this part as ``decode`` gives it; that of the whole message says as well whether anything
    is wrong with its end. ``name in view``, ``list(view)`` and ``len(view)`` are as of the dict that ``decode`` would give.

    An absent component is an :class:`AttributeError` or :class:`KeyError`, one with a DEFAULT is that. Damage that lies before
    what is asked for, or in it, is the :class:`rsu.DecodeError` of ``decode``; what lies behind it is not seen.
    """

    cdef Program program
    cdef object type_name
    cdef MessageView parent
    cdef bytes octets  # the message, or the content of an open type that lay in fragments
    cdef Row* row      # of an open type
    cdef Trail* trail  # of a SEQUENCE or list, once it was entered
    cdef int64_t pos, end, base, elements
    cdef int32_t op
    cdef int32_t name  # in the path, below the parent
    cdef int depth, max_depth
    cdef bint strict
    cdef bint pieces   # the octets lay in fragments

    def __dealloc__(self):
        free_trail(self.trail)

    def __getattribute__(self, str name):
        if not name or name[0] == "_":  # no ASN.1 name begins so
            return PyObject_GenericGetAttr(self, name)
        return view_member(self, name, AttributeError)

    def __getitem__(self, key):
        if view_code(self) != LIST:
            if not PyUnicode_Check(key):
                raise TypeError(f"{view_text(self)}: the name of a component is needed, {type(key).__name__} is given")
            return view_member(self, key, KeyError)
        return view_element(self, as_index(key))

    def __iter__(self):
        if view_code(self) == LIST:
            return view_elements(self)
        return iter(view_names(self))

    def __len__(self):
        cdef Walk w
        if view_code(self) == LIST:
            begin_list(self, &w)
            return list_length(self, &w)
        return len(view_names(self))

    def __contains__(self, key):
        if view_code(self) == LIST:
            return any([item == key for item in self])
        return view_has(self, key)

    def __call__(self):
        """The value of this part, as decode() gives it."""
        cdef Walk w
        begin(self, &w)
        if self.row is not NULL:
            checked(&w, enter(&w))
            return <object>w.names[self.row.name], decode_window(&w, self.row.op, None, w.depth - 1, self.row.name)
        value = decode_op(&w, self.op)
        if self.parent is None:
            checked(&w, close_window(&w, 0, False))
        return value

    def __dir__(self):
        """The names that the type has, as attributes; whether this message has them is for ``in`` to say."""
        cdef int code = view_code(self)
        if code == SEQUENCE or code == CHOICE:
            names = self.program.layout(self.op).names
        else:
            names = view_names(self) if code in (TABLE, OCTCON, BITCON) else []
        return [name.replace("-", "_") for name in names]

    def __repr__(self):
        kind = VIEW_KINDS.get(view_code(self), "value")
        return f"<View {view_text(self)}: {kind}, from bit {self.base + self.pos}>"


VIEW_KINDS = {
    SEQUENCE: "SEQUENCE", CHOICE: "CHOICE", LIST: "list", TABLE: "open type", OCTCON: "open type", BITCON: "open type"
}


cdef MessageView message_view(Program program, int32_t op, object data, object type_name, bint strict,
                              int64_t max_elements, int max_depth):
    cdef MessageView view = MessageView.__new__(MessageView)
    view.octets = data if type(data) is bytes else octets_of(data)
    view.program = program
    view.type_name = type_name
    view.op = op
    view.end = 8 * PyBytes_GET_SIZE(view.octets)
    view.elements = max_elements
    view.max_depth = max_depth
    view.strict = strict
    return view


cdef int view_code(MessageView v) except -1:
    """The kind of op; an open type whose content stays octets never is a view."""
    if v.program is None:
        raise TypeError("views are made by Schema.view()")
    return v.program.ops[v.op].code


cdef object view_path(MessageView v):
    cdef Walk w
    begin(v, &w)
    return place_text(&w)


cdef object view_text(MessageView v):
    """What errors call the view: the type that was asked for and the path."""
    path = view_path(v)
    return f"{v.type_name}{'.' if path and path[0] != '[' else ''}{path}"


cdef object view_member(MessageView v, str name, object missing):
    """A component by its name; ``missing`` is the error where there is none."""
    cdef int code = view_code(v)
    if code == SEQUENCE:
        return view_component(v, name, missing)
    if code in (CHOICE, TABLE, OCTCON, BITCON):
        return view_only(v, name, missing)
    raise missing(f"{view_text(v)} is a {VIEW_KINDS.get(code, 'value')} and has no component {name!r}")


cdef object view_component(MessageView v, str name, object missing):
    cdef Walk w
    cdef Part part
    cdef Layout layout = v.program.layout(v.op)
    cdef PyObject* found = PyDict_GetItemWithError(layout.places, name)
    cdef int32_t place
    if found is NULL:
        if name == "...":
            return view_unknown(v, layout, missing)
        shown = ", ".join(layout.names[:12]) + (", …" if layout.count > 12 else "")
        raise missing(f"{view_text(v)} has no component {name!r}; it has {shown}")
    place = <object>found
    if reach_member(v, &w, layout, place, &part):
        return take_part(v, &w, &part)
    if presence_of(v, &w, layout, place):
        return default_value(&w, &w.members[layout.members[place]])
    raise missing(f"{view_text(v)}: {layout.names[place]} is absent")


cdef object view_unknown(MessageView v, Layout layout, object missing):
    """``"..."``: what a newer edition added, as octets by number."""
    cdef Walk w
    cdef Op* op
    begin_sequence(v, &w, layout)
    op = &w.ops[v.op]
    if not has_unknown(v, &w, layout):
        raise missing(f"{view_text(v)}: no extension addition that the schema does not know")
    seek(v, &w, layout, op.b + op.c, op.b + op.c, -1)
    return unknown_additions(&w, op, v.trail)


cdef object view_only(MessageView v, str name, object missing):
    """What a CHOICE or open type holds, by the name it must have."""
    cdef Walk w
    cdef Part part
    cdef int64_t unknown = 0
    if not reach_only(v, &w, &part, &unknown):
        holds_name = f"...{unknown}"
        if name == holds_name:
            return take_raw(&w)
    else:
        holds_name = <object>w.names[part.name]
        if name is holds_name or name == holds_name or name == holds_name.replace("-", "_"):
            return take_part(v, &w, &part)
        free(part.window.copy)
    raise missing(f"{view_text(v)} is {holds_name}, not {name}")


cdef str only_name(MessageView v):
    cdef Walk w
    cdef Part part
    cdef int64_t unknown = 0
    if not reach_only(v, &w, &part, &unknown):
        return f"...{unknown}"
    free(part.window.copy)
    return <object>w.names[part.name]


cdef list view_names(MessageView v):
    """The keys of the dict that decode() would give; for a CHOICE or open type the one name."""
    cdef Walk w
    cdef Layout layout
    cdef Op* op
    cdef int32_t place
    cdef int state
    cdef list names = [], late = []
    if view_code(v) in (CHOICE, TABLE, OCTCON, BITCON):
        return [only_name(v)]
    if view_code(v) != SEQUENCE:
        raise TypeError(f"{view_text(v)} is a value and has no components")
    layout = v.program.layout(v.op)
    begin_sequence(v, &w, layout)
    op = &w.ops[v.op]
    for place in range(layout.count):
        state = presence_of(v, &w, layout, place)
        if state:
            (late if state == 1 and alone_addition(&w, op, layout, place) else names).append(layout.names[place])
    if has_unknown(v, &w, layout):
        names.append("...")
    return names + late


cdef bint alone_addition(Walk* w, Op* op, Layout layout, int32_t place) noexcept:
    """Whether a member is an extension addition outside a group: the defaults of those come last."""
    cdef int32_t entry = layout.entries[place]
    return entry >= op.b and w.ops[w.members[op.a + entry].op].code != GROUP


cdef bint view_has(MessageView v, object name) except -1:
    cdef Walk w
    cdef Layout layout
    if view_code(v) != SEQUENCE:
        only = view_names(v)[0]
        return name == only or name == only.replace("-", "_")
    layout = v.program.layout(v.op)
    begin_sequence(v, &w, layout)
    if name in layout.places:
        return presence_of(v, &w, layout, layout.places[name]) != 0
    return name == "..." and has_unknown(v, &w, layout)


cdef object view_element(MessageView v, int64_t index):
    """An element of a list; :exc:`IndexError` where there is none."""
    cdef Walk w
    cdef Part part
    if not reach_element(v, &w, index, &part):
        raise IndexError(f"{view_text(v)}: no element {index}")
    return take_part(v, &w, &part)


def view_elements(MessageView v):
    """The elements of a list, in order."""
    cdef int64_t index = 0
    while True:
        try:
            item = view_element(v, index)
        except IndexError:
            return
        yield item
        index += 1
