# What a program's JSON is written with: the text of names and DEFAULT values, prepared once, and the runs of each SEQUENCE.

cdef class Script:
    """Prepared text of one program.

    :param program: with its ops, members and names in place.
    """

    cdef Piece* keys
    cdef Piece* words
    cdef Piece* defaults
    cdef Pen* pens
    cdef Run* runs
    cdef int32_t pen_count, pen_room
    cdef list texts     # keys of the pens
    cdef bytes text     # what the pieces point into
    cdef bytes pen_text

    def __cinit__(self, Program program, Py_ssize_t members):
        cdef Py_ssize_t names = len(program.name_list)
        cdef list keys = [b',"%s":' % (<str>name).encode() for name in program.name_list]
        self.keys = <Piece*>PyMem_Malloc(max(1, names) * sizeof(Piece))
        self.words = <Piece*>PyMem_Malloc((names + 2) * sizeof(Piece))
        self.defaults = <Piece*>PyMem_Malloc(max(1, len(program.object_list)) * sizeof(Piece))
        self.runs = <Run*>PyMem_Calloc(max(1, members), sizeof(Run))
        if not self.keys or not self.words or not self.defaults or not self.runs:
            raise MemoryError()
        self._fill_pieces(keys, default_texts(program, members, keys))
        self._fill_runs(program, keys)

    def __dealloc__(self):
        PyMem_Free(self.keys)
        PyMem_Free(self.words)
        PyMem_Free(self.defaults)
        PyMem_Free(self.pens)
        PyMem_Free(self.runs)

    cdef int open(self, Text* t, uint8_t* stack) noexcept:
        """Begins a text."""
        t.data = t.at = stack
        t.limit = stack + FIRST_TEXT - TEXT_MARGIN
        t.owned = False
        t.keys = self.keys
        t.words = self.words
        t.pens = self.pens
        t.runs = self.runs
        t.defaults = self.defaults
        return 0

    cdef int _fill_pieces(self, list keys, list defaults) except -1:
        cdef Py_ssize_t place, names = len(keys)
        self.text = b"".join([*keys, *defaults, b"falsetrue", bytes(2 * PIECE)])
        place = self._point(self.keys, keys, 0)
        place = self._point(self.defaults, defaults, place)
        self._point(self.words + names, [b"false", b"true"], place)
        for place in range(names):
            self.words[place].text = self.keys[place].text + 1
            self.words[place].length = self.keys[place].length - 2
        return 0

    cdef Py_ssize_t _point(self, Piece* into, list texts, Py_ssize_t start) except -1:
        cdef Py_ssize_t place
        for place in range(len(texts)):
            into[place].text = <const uint8_t*>PyBytes_AS_STRING(self.text) + start
            into[place].length = PyBytes_GET_SIZE(texts[place])
            start += PyBytes_GET_SIZE(texts[place])
        return start

    # Runs ---------------------------------------------------------------------------------------------------------------

    cdef int _fill_runs(self, Program program, list keys) except -1:
        cdef Py_ssize_t index
        cdef int32_t place
        cdef const uint8_t* text
        self.texts = []
        for index in range(program.op_count):
            place = 0
            while program.ops[index].code in (SEQUENCE, GROUP) and place < program.ops[index].b:
                place += max(1, self._fill_run(program, keys, &program.ops[index], place))
        self.pen_text = b"".join([*self.texts, bytes(2 * PIECE)])
        text = <const uint8_t*>PyBytes_AS_STRING(self.pen_text)
        for place in range(self.pen_count):
            self.pens[place].key = text
            text += self.pens[place].key_length
        return 0

    cdef int32_t _fill_run(self, Program program, list keys, Op* op, int32_t place) except -1:
        """The run of a SEQUENCE that begins with its component ``place``; gives how many components it has."""
        cdef Run* run = &self.runs[op.a + place]
        cdef Run before
        run.first = run.last = self.pen_count
        while place + run.members < op.b:
            before = run[0]
            if not self._add(program, keys, &program.members[op.a + place + run.members], b"", 0, run):
                run[0] = before
                break
            run.members += 1
        self.pen_count = run.last
        del self.texts[run.last:]
        return run.members

    cdef bint _add(self, Program program, list keys, Member* member, bytes head, int depth, Run* run) except -1:
        """One more component, written behind ``head``, with those within it; ``False`` where it cannot be in a run."""
        cdef Op* op = &program.ops[member.op]
        cdef bytes key = head + <bytes>keys[member.name][1 if head else 0:]
        cdef Pen* pen
        if member.flags & (OPTIONAL | DEFAULT | KEY) or run.last - run.first == RUN_PENS:
            return False
        if op.code == SEQUENCE:
            return self._add_inner(program, keys, op, key + b"{", depth, run)
        pen = self._pen(run.last)
        if not fill_pen(pen, op, self.words, len(keys)):
            return False
        del self.texts[run.last:]
        self.texts.append(key)
        pen.key_length = <int32_t>PyBytes_GET_SIZE(key)
        run.last += 1
        run.bits += pen.bits
        run.text += pen_text(pen)
        return True

    cdef bint _add_inner(self, Program program, list keys, Op* op, bytes head, int depth, Run* run) except -1:
        cdef int32_t place
        if op.flags & EXT or op.d or op.b == 0 or depth == RUN_DEPTH:
            return False
        for place in range(op.b):
            if not self._add(program, keys, &program.members[op.a + place], b"" if place else head, depth + 1, run):
                return False
        self.pens[run.last - 1].shut += 1
        run.text += 1
        run.depth = max(run.depth, depth + 1)
        return True

    cdef Pen* _pen(self, int32_t place) except NULL:
        cdef void* pens
        if place >= self.pen_room:
            pens = PyMem_Realloc(self.pens, (2 * place + RUN_PENS) * sizeof(Pen))
            if pens is NULL:
                raise MemoryError()
            self.pens = <Pen*>pens
            self.pen_room = 2 * place + RUN_PENS
        return &self.pens[place]


cdef list default_texts(Program program, Py_ssize_t members, list keys):
    """Of each object that is a DEFAULT: its component with the value."""
    cdef Py_ssize_t place
    cdef Member* member
    cdef list texts = [b""] * len(program.object_list)
    for place in range(members):
        member = &program.members[place]
        if member.flags & DEFAULT:
            texts[member.value] = keys[member.name] + value_text(program, member.op, program.object_list[member.value])
    return texts


cdef bytes scalar_text(int code, object value):
    """JSON text of a number, a string, a time or ``None``; ``ValueError`` for a number that Python does not print."""
    if code == GENTIME and isinstance(value, _scalars.datetime):
        value = _scalars.generalized_time_text(value)
    elif code == UTCTIME and isinstance(value, _scalars.datetime):
        value = _scalars.utc_time_text(value)
    elif code == REAL:
        value = _scalars.real_node(value)
    return msgspec.json.encode(value)


cdef bytes value_text(Program program, int32_t index, object value):
    """JSON text of any value of the decoder; for DEFAULT values, which are prepared once."""
    cdef Op* op = &program.ops[index]
    if op.code == SEQUENCE:
        kinds = {
            program.name_list[program.members[<Py_ssize_t>place].name]: program.members[<Py_ssize_t>place].op
            for place in own_members(program.ops, program.members, op)
        }
        return b"{" + b",".join([b'"%s":%s' % (k.encode(), value_text(program, kinds[k], v)) for k, v in value.items()]) + b"}"
    if op.code == LIST:
        return b"[" + b",".join([value_text(program, op.a, item) for item in value]) + b"]"
    if op.code == CHOICE:
        member = op.a + <Py_ssize_t>program.enums[op.d][value[0]]
        return b'{"%s":%s}' % (value[0].encode(), value_text(program, program.members[<Py_ssize_t>member].op, value[1]))
    if op.code == BITSTR and op.span == 0 and not op.flags & EXT:
        value = value[0]
    elif op.code == BITSTR or op.code == BITCON:
        return b'{"value":"%s","length":%d}' % (value[0].hex().upper().encode(), value[1])
    return scalar_text(op.code, value.hex().upper() if isinstance(value, bytes) else value)
