# The program of a schema as C tables, and one call of each walker over it.

cdef enum:
    HELD_OCTETS = 1024  # to let the GIL go and get it back costs more than a shorter message takes

cdef class Program:
    """Tables of one schema, ready to run.

    :param lowered: an :class:`rsu._asn1.lower.Lowered`.
    """

    cdef Op* ops
    cdef Member* members
    cdef Row* rows
    cdef PyObject** names
    cdef PyObject** objects
    cdef Script script
    cdef list name_list, object_list, enums
    cdef list layouts   # for each op: its Layout once it was asked for
    cdef int64_t* widths  # for each op: see fixed_width
    cdef Py_ssize_t op_count

    def __cinit__(self, object lowered):
        cdef Py_ssize_t place
        self.name_list = [sys.intern(name) for name in lowered.names]
        self.object_list = [literal_eval(text) for text in lowered.objects]
        self.enums = [
            {self.name_list[first + place]: place for place in range(count)} for first, count in lowered.enums
        ]
        self.op_count = len(lowered.ops) // OP_COLUMNS
        self.ops = <Op*>PyMem_Malloc(max(1, self.op_count) * sizeof(Op))
        self.members = <Member*>PyMem_Malloc(max(1, len(lowered.members) // MEMBER_COLUMNS) * sizeof(Member))
        self.rows = <Row*>PyMem_Malloc(max(1, sum(map(len, lowered.rows))) * sizeof(Row))
        self.names = <PyObject**>PyMem_Malloc(max(1, len(self.name_list)) * sizeof(PyObject*))
        self.objects = <PyObject**>PyMem_Malloc(max(1, len(self.object_list)) * sizeof(PyObject*))
        self.widths = <int64_t*>PyMem_Malloc(max(1, self.op_count) * sizeof(int64_t))
        self.layouts = [None] * self.op_count
        if not self.ops or not self.members or not self.rows or not self.names or not self.objects or not self.widths:
            raise MemoryError()
        for place in range(self.op_count):
            self.widths[place] = NOT_COUNTED
        for place in range(len(self.name_list)):
            self.names[place] = <PyObject*>self.name_list[place]
        for place in range(len(self.object_list)):
            self.objects[place] = <PyObject*>self.object_list[place]
        self._fill(lowered.ops, lowered.members)
        self._fill_rows(lowered.rows)
        self.script = Script(self, len(lowered.members) // MEMBER_COLUMNS)

    cdef int _fill(self, list columns, list rows) except -1:
        cdef Py_ssize_t place, at
        cdef Op* op
        cdef Member* member
        for place in range(self.op_count):
            op = &self.ops[place]
            at = place * OP_COLUMNS
            op.code, op.flags, op.bits = columns[at], columns[at + 1], columns[at + 2]
            op.a, op.b, op.c, op.d = columns[at + 3], columns[at + 4], columns[at + 5], columns[at + 6]
            op.lo = columns[at + 7]
            op.span = <uint64_t><int64_t>columns[at + 8]
            op.min_bits = columns[at + 9]
        for place in range(len(rows) // MEMBER_COLUMNS):
            member = &self.members[place]
            at = place * MEMBER_COLUMNS
            member.op, member.name, member.flags, member.value = rows[at], rows[at + 1], rows[at + 2], rows[at + 3]
            self._set_kind(member)
        for place in range(self.op_count):
            op = &self.ops[place]
            op.needed = op.b if op.code in (SEQUENCE, GROUP) else 0
            while op.needed and self.members[op.a + op.needed - 1].flags & OPTIONAL:
                op.needed -= 1
        return 0

    cdef int _set_kind(self, Member* member) except -1:
        """Draws the type of the commonest members into their own row."""
        cdef Op* op = &self.ops[member.op]
        member.kind, member.bits, member.lo, member.span = ANY_VALUE, op.bits + (op.flags & EXT), op.lo, op.span
        if op.code == TABLE:
            member.kind = TABLE_VALUE
        if op.flags & UNSIGNED or not 0 < member.bits <= 64 or member.flags & DEFAULT:
            return 0
        if op.code == INT and op.d < 0:
            member.kind = PLAIN_INT
        elif op.code == ENUM:
            member.kind, member.lo, member.span = PLAIN_ITEM, op.a, op.b - 1
        return 0

    cdef int _fill_rows(self, list tables) except -1:
        """The rows of each table, sorted; each TABLE op gets its own."""
        cdef Py_ssize_t place = 0, index
        cdef Row* row
        firsts = []
        for table in tables:
            firsts.append(place)
            for number in sorted(table):
                row = &self.rows[place]
                row.number = number
                row.op, row.name = table[number]
                place += 1
        for index in range(self.op_count):
            if self.ops[index].code == TABLE:
                self.ops[index].c = firsts[self.ops[index].a]
                self.ops[index].d = len(tables[self.ops[index].a])
            elif self.ops[index].code == SEQUENCE:
                self._mark_keys(&self.ops[index])
        return 0

    cdef int _mark_keys(self, Op* op) except -1:
        """Flags the components of a SEQUENCE that choose an open type beside them."""
        cdef set wanted = set()
        cdef Member* member
        members = own_members(self.ops, self.members, op)
        for place in members:
            member = &self.members[<Py_ssize_t>place]
            if self.ops[member.op].code == TABLE and self.ops[member.op].b >= 0:
                wanted.add(self.ops[member.op].b)
        if len(wanted) > MAX_KEYS:
            raise SchemaError(f"a SEQUENCE whose open types are chosen by {len(wanted)} components; {MAX_KEYS} are allowed")
        for place in members if wanted else ():
            member = &self.members[<Py_ssize_t>place]
            if member.name in wanted:
                member.flags |= KEY
        return 0

    def __dealloc__(self):
        PyMem_Free(self.ops)
        PyMem_Free(self.members)
        PyMem_Free(self.rows)
        PyMem_Free(self.names)
        PyMem_Free(self.objects)
        PyMem_Free(self.widths)

    cdef Layout layout(self, int32_t op):
        """The members of a SEQUENCE or CHOICE by name."""
        cdef object found = self.layouts[op]
        if found is None:
            found = self.layouts[op] = member_layout(self.ops, self.members, self.name_list, &self.ops[op])
        return <Layout>found

    cdef int64_t width(self, int32_t op) noexcept:
        """The bits that every value of an op takes, or NO_WIDTH."""
        if self.widths[op] == NOT_COUNTED:
            self.widths[op] = fixed_width(self.ops, self.members, op, 0)
        return self.widths[op]

    cdef int _start(self, Walk* w, bytes data, object name, bint checks, bint strict, bint open_types, object findings,
                    int64_t max_elements, int max_depth) except -1:
        w.data = <const uint8_t*>PyBytes_AS_STRING(data)
        w.octets = PyBytes_GET_SIZE(data)
        w.pos = 0
        w.end = 8 * w.octets
        w.base = 0
        w.elements = max_elements
        w.ops = self.ops
        w.members = self.members
        w.names = self.names
        w.objects = self.objects
        w.rows = self.rows
        w.findings = <PyObject*>findings if findings is not None else NULL
        w.findings_left = MAX_FINDINGS
        w.spans = NULL
        w.type_name = <PyObject*>name
        w.error = NULL
        w.fault = NO_FAULT
        w.depth = 0
        w.max_depth = min(max_depth, MAX_DEPTH)
        w.strict = strict
        w.open_types = open_types
        w.checks = checks
        return 0

    cdef object decode(self, int32_t op, object data, object name, bint checks, bint strict, bint open_types,
                       object findings, int64_t max_elements, int max_depth):
        cdef Walk w
        cdef bytes octets = data if type(data) is bytes else octets_of(data)
        self._start(&w, octets, name, checks, strict, open_types, findings, max_elements, max_depth)
        value = decode_op(&w, op)
        if w.pos != w.end or w.pos == 0:
            checked(&w, close_window(&w, 0, False))
        return value

    cdef int check(self, int32_t op, object data, object name, bint strict, int64_t max_elements, int max_depth) except -1:
        cdef Walk w
        cdef bytes octets = data if type(data) is bytes else octets_of(data)
        self._start(&w, octets, name, False, strict, True, None, max_elements, max_depth)
        with nogil:
            if skip_op(&w, op) == 0:
                close_window(&w, 0, False)
        if w.fault:
            raise_fault(&w)
        return 0

    cdef bytes to_json(self, int32_t op, object data, object name, bint strict, int64_t max_elements, int max_depth):
        cdef Walk w
        cdef Text t
        cdef uint8_t[FIRST_TEXT] stack
        cdef bytes octets = data if type(data) is bytes else octets_of(data)
        self._start(&w, octets, name, False, strict, True, None, max_elements, max_depth)
        self.script.open(&t, stack)
        try:
            if w.octets < HELD_OCTETS:
                json_whole(&w, &t, op)
            else:
                with nogil:
                    json_whole(&w, &t, op)
            if w.fault:
                raise_fault(&w)
            return PyBytes_FromStringAndSize(<char*>t.data, t.at - t.data)
        finally:
            if t.owned:
                free(t.data)

    cdef bytes from_json(self, int32_t op, object text, object name):
        cdef Fill f
        cdef uint8_t[FIRST_CAPACITY] stack
        self._open(&f, stack, name, False)
        return self.encode(op, from_node(&f, op, parse_json(&f, text)), name, False)

    cdef object trace(self, int32_t op, object data, object name, bint strict, int64_t max_elements, int max_depth):
        cdef Walk w
        cdef bytes octets = octets_of(data)
        cdef list spans = []
        self._start(&w, octets, name, False, strict, True, None, max_elements, max_depth)
        w.spans = <PyObject*>spans
        try:
            decode_op(&w, op)
            finish_window(&w, 0, False)
        except DecodeError as error:
            return spans, error
        return spans, None

    cdef int _open(self, Fill* f, uint8_t* stack, object name, bint checks) except -1:
        f.data = stack
        f.data[0] = 0
        f.capacity = FIRST_CAPACITY
        f.pos = 0
        f.owned = False
        f.ops = self.ops
        f.members = self.members
        f.names = self.names
        f.objects = self.objects
        f.program = <PyObject*>self
        f.type_name = <PyObject*>name
        f.depth = 0
        f.checks = checks
        return 0

    cdef bytes encode(self, int32_t op, object value, object name, bint checks):
        cdef Fill f
        cdef uint8_t[FIRST_CAPACITY] stack
        self._open(&f, stack, name, checks)
        try:
            encode_op(&f, op, value)
            if f.pos == 0:  # X.691 11.1: no bits at all are one zero octet
                return b"\0"
            return PyBytes_FromStringAndSize(<char*>f.data, (f.pos + 7) >> 3)
        except (EncodeError, MemoryError):
            raise
        except Exception as error:  # from the caller's own objects: __index__, __eq__, __hash__
            raise EncodeError(
                f"the value raised {type(error).__name__}: {error}", "type", path_text(f.path, f.depth, f.names), f.pos, name
            ) from error
        finally:
            if f.owned:
                free(f.data)

    cdef bytes encode_part(self, int32_t op, object value, Fill* outer):
        """A complete encoding for CONTAINING, at the place that ``outer`` is at."""
        cdef Fill f
        cdef uint8_t[FIRST_CAPACITY] stack
        self._open(&f, stack, <object>outer.type_name, outer.checks)
        f.depth = outer.depth
        memcpy(f.path, outer.path, sizeof(f.path))
        try:
            encode_op(&f, op, value)
            if f.pos == 0:
                return b"\0"
            return PyBytes_FromStringAndSize(<char*>f.data, (f.pos + 7) >> 3)
        finally:
            if f.owned:
                free(f.data)


cdef list own_members(Op* ops, Member* members, Op* op):
    """Places of all components of a SEQUENCE, those of its groups instead of the groups."""
    cdef int32_t place
    cdef list found = []
    for place in range(op.a, op.a + op.b + op.c):
        if ops[members[place].op].code == GROUP:
            found += own_members(ops, members, &ops[members[place].op])
        else:
            found.append(place)
    return found
