# Fixed-width fields of an encoding written in place: a periodic broadcast changes a few of them and nothing else.

cdef class Field:
    """Where a field of fixed width is, and what may be written there."""

    cdef Program program
    cdef object type_name
    cdef int32_t op
    cdef int32_t member  # place in Program.members, or -1
    cdef int64_t pos, bits
    cdef int depth
    cdef int32_t[MAX_DEPTH] path

    cdef int refuse(self, object code, object reason) except -1:
        raise EncodeError(reason, code, path_text(self.path, self.depth, self.program.names), self.pos, self.type_name)


cdef Field find_field(MessageView top, str path):
    """The field that a path leads to, in this message."""
    cdef Walk w
    cdef Part part
    cdef MessageView v = top
    cdef Field field = Field.__new__(Field)
    cdef list steps = list(path_steps(path))
    last = steps.pop()
    field.program, field.type_name = top.program, top.type_name
    for step in steps:
        item = part_at(v, &w, &part, step) and take_part(v, &w, &part)
        if not isinstance(item, MessageView):
            no_field(v, path, f"{step!r} has no components here")
        v = <MessageView>item
    if not part_at(v, &w, &part, last):
        no_field(v, path, "it is absent")
    try:
        field.op, field.member, field.depth = part.op, part.member, w.depth
        memcpy(field.path, w.path, sizeof(field.path))
        field.pos = w.base + w.pos
        if v.pieces or (part.window.copy is not NULL and part.window.count >= FRAGMENT):
            field.refuse("patch", f"its open type travels in fragments of {FRAGMENT}; encode the message anew")
        field.bits = field_width(&w, field)
    finally:
        free(part.window.copy)
    return field


cdef int no_field(MessageView v, str path, object reason) except -1:
    raise EncodeError(f"{reason}: encode the message anew with it", "patch", path, v.base + v.pos, v.type_name)


cdef int part_at(MessageView v, Walk* w, Part* part, object step) except -1:
    """1 with the cursor at the part that a step of a path leads to, 0 where it is absent."""
    cdef int64_t unknown = 0
    cdef int code = view_code(v)
    cdef Layout layout
    if code == LIST and not isinstance(step, str):
        return reach_element(v, w, step, part)
    if code == SEQUENCE:
        layout = v.program.layout(v.op)
        if step in layout.places:
            return reach_member(v, w, layout, layout.places[step], part)
    elif code != LIST and isinstance(step, str):
        if not reach_only(v, w, part, &unknown):
            return 0
        if step == <object>w.names[part.name]:
            return 1
        free(part.window.copy)
        return 0
    raise EncodeError(f"the type has no {step!r} here", "patch", view_path(v), v.base + v.pos, v.type_name)


cdef int64_t field_width(Walk* w, Field field) except -1:
    """The bits of the value at the cursor, if another value may take its place."""
    cdef Op* op = &w.ops[field.op]
    cdef int code = op.code
    cdef int64_t bits
    cdef Member* member
    if field.member >= 0:
        member = &w.members[field.member]
        if member.flags & KEY:
            field.refuse("patch", "it chooses what an open type beside it holds; encode the message anew")
    if code == BOOL:
        bits = 1
    elif code == INT or code == ENUM or code == BIGINT:
        bits = op.bits
    elif code in (OCTSTR, BITSTR, CHARSTR) and op.span == 0 and not op.bits:
        bits = op.lo * (8 if code == OCTSTR else 1 if code == BITSTR else op.b)
    else:
        return field.refuse("patch", "its width depends on its value; encode the message anew")
    if op.flags & EXT:
        if checked(w, take_bit(w)):
            field.refuse("patch", "it holds a value beyond the extension marker; encode the message anew")
        w.pos -= 1
        bits += 1
    checked(w, need(w, bits))
    return bits


cdef int write_field(Field field, object value, uint8_t* data) except -1:
    """Puts a value in the place of the one that is there."""
    cdef Fill f
    cdef uint8_t[FIRST_CAPACITY] stack
    cdef Member* member
    if field.member >= 0:
        member = &field.program.members[field.member]
        if member.flags & DEFAULT and value == <object>field.program.objects[member.value]:
            field.refuse("patch", "its DEFAULT is not written out; encode the message anew")
    field.program._open(&f, stack, field.type_name, False)
    memcpy(f.path, field.path, sizeof(f.path))
    f.depth = field.depth
    put(&f, 0, field.pos & 7)
    try:
        encode_op(&f, field.op, value)
        if f.pos - (field.pos & 7) != field.bits:
            field.refuse("patch", "the value lies beyond the extension marker; encode the message anew")
        merge_bits(data + (field.pos >> 3), f.data, field.pos & 7, field.bits)
    except EncodeError as error:
        raise EncodeError(error.reason, error.code, error.path, field.pos, error.type_name) from None
    except MemoryError:
        raise
    except Exception as error:
        field.refuse("type", f"the value raised {type(error).__name__}: {error}")
    finally:
        if f.owned:
            free(f.data)
    return 0


cdef void merge_bits(uint8_t* into, const uint8_t* source, int64_t skip, int64_t bits) noexcept:
    """``bits`` bits behind the first ``skip``, from octets that are aligned alike."""
    cdef int64_t place, last = (skip + bits - 1) >> 3
    cdef uint8_t mask
    if not bits:
        return
    for place in range(last + 1):
        mask = 0xFF
        if place == 0:
            mask = <uint8_t>(0xFF >> skip)
        if place == last:
            mask &= <uint8_t>(0xFF00 >> (((skip + bits - 1) & 7) + 1))
        into[place] = (into[place] & ~mask) | (source[place] & mask)


cdef bytes own_copy(bytes octets):
    """Octets that may be written: given a content, CPython would hand out one object for all strings of that one octet."""
    cdef bytes copy = PyBytes_FromStringAndSize(NULL, PyBytes_GET_SIZE(octets))
    memcpy(PyBytes_AS_STRING(copy), PyBytes_AS_STRING(octets), PyBytes_GET_SIZE(octets))
    return copy


cdef bytes patched(MessageView top, dict changes):
    """A copy of the message with other values in some of its fields."""
    cdef bytes octets = own_copy(top.octets)
    for path, value in changes.items():
        write_field(find_field(top, path), value, <uint8_t*>PyBytes_AS_STRING(octets))
    return octets


cdef class Template:
    """A message whose fields of fixed width are written in place; made by :meth:`rsu.Schema.template`.

    ``template["value.BasicSafetyMessage.coreData.msgCnt"] = 5`` writes a field, the same without ``= 5`` reads it, and
    ``bytes(template)`` or ``memoryview(template)`` is the message; the latter shows later writes as well. A path is looked up
    once. What cannot be written is an :class:`rsu.EncodeError`, as with :meth:`rsu.Schema.patch`.
    """

    cdef MessageView top
    cdef bytes octets  # our own copy, that no one else sees as bytes
    cdef dict fields

    def __init__(self):
        raise TypeError("templates are made by Schema.template()")

    cdef Field field(self, str path):
        cdef object found = self.fields.get(path)
        if found is None:
            found = self.fields[path] = find_field(self.top, path)
        return <Field>found

    def __setitem__(self, str path, value):
        write_field(self.field(path), value, <uint8_t*>PyBytes_AS_STRING(self.octets))

    def __delitem__(self, path):
        raise TypeError("a field of fixed width cannot be taken out; encode the message anew")

    def __getitem__(self, str path):
        cdef Field field = self.field(path)
        cdef Walk w
        self.top.program._start(&w, self.octets, field.type_name, False, True, True, None, 0, MAX_DEPTH)
        w.pos, w.depth = field.pos, field.depth
        memcpy(w.path, field.path, sizeof(field.path))
        return decode_op(&w, field.op)

    def __bytes__(self):
        return PyBytes_FromStringAndSize(PyBytes_AS_STRING(self.octets), PyBytes_GET_SIZE(self.octets))

    def __len__(self):
        return PyBytes_GET_SIZE(self.octets)

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        PyBuffer_FillInfo(buffer, self, PyBytes_AS_STRING(self.octets), PyBytes_GET_SIZE(self.octets), 1, flags)

    def __repr__(self):
        return f"<Template {self.top.type_name}, {PyBytes_GET_SIZE(self.octets)} octets>"


cdef Template make_template(MessageView top):
    cdef Template template = Template.__new__(Template)
    template.octets = own_copy(top.octets)
    template.top = top
    template.fields = {}
    return template
