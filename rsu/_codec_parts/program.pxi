# What Python sees: the program of a schema, one type of it, and the base of rsu.Schema.

cdef class Program:
    """Tables of one schema, ready to run.

    :param lowered: an :class:`rsu._asn1.lower.Lowered`.
    """

    cdef Op* ops
    cdef Member* members
    cdef Row* rows
    cdef PyObject** names
    cdef PyObject** objects
    cdef list name_list, object_list, enums
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
        if not self.ops or not self.members or not self.rows or not self.names or not self.objects:
            raise MemoryError()
        for place in range(len(self.name_list)):
            self.names[place] = <PyObject*>self.name_list[place]
        for place in range(len(self.object_list)):
            self.objects[place] = <PyObject*>self.object_list[place]
        self._fill(lowered.ops, lowered.members)
        self._fill_rows(lowered.rows)

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
        return 0

    def __dealloc__(self):
        PyMem_Free(self.ops)
        PyMem_Free(self.members)
        PyMem_Free(self.rows)
        PyMem_Free(self.names)
        PyMem_Free(self.objects)

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


cdef bytes octets_of(object data):
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise TypeError(f"bytes, bytearray or memoryview is needed, {type(data).__name__} is given")


cdef class TypeCodec:
    """Encoder and decoder of one type."""

    cdef Program program
    cdef int32_t op
    cdef readonly str name
    cdef readonly str module

    def __init__(self, Program program, int32_t op, str name, str module):
        if not 0 <= op < program.op_count:
            raise ValueError(f"op {op} is not in this program")
        self.program = program
        self.op = op
        self.name = name
        self.module = module

    def __repr__(self):
        return f"TypeCodec({self.module}.{self.name})"

    @property
    def index(self):
        """The op that stands for the type."""
        return self.op

    def decode(self, data, bint check_constraints=False, *, bint strict=True, bint open_types=True, list findings=None,
               int64_t max_elements=10_000, int max_depth=64):
        """As :meth:`rsu.Schema.decode` for this type."""
        return self.program.decode(
            self.op, data, self.name, check_constraints, strict, open_types, findings, max_elements, max_depth
        )

    def encode(self, value, bint check_types=True, bint check_constraints=False):
        """As :meth:`rsu.Schema.encode` for this type."""
        return self.program.encode(self.op, value, self.name, check_constraints)

    def trace(self, data, *, bint strict=True, int64_t max_elements=10_000, int max_depth=64):
        """Spans ``(path, offset, bits, role, op, value)`` up to the end or the error, and that error or ``None``."""
        return self.program.trace(self.op, data, self.name, strict, max_elements, max_depth)


cdef class SchemaBase:
    """The part of :class:`rsu.Schema` that is called once for each message.

    :param types: type name → :class:`TypeCodec`; a name that needs its module has ``None``.
    """

    cdef readonly dict types

    def __init__(self, dict types):
        self.types = types

    cdef TypeCodec _codec(self, object type_name):
        cdef PyObject* found = PyDict_GetItemWithError(self.types, type_name)
        if found is NULL or <object>found is None:
            return self.find_type(type_name)
        return <TypeCodec>found

    def find_type(self, type_name):
        """The codec of a name that the table does not answer."""
        raise KeyError(type_name)

    def decode(self, type_name, data, bint check_constraints=False, *, bint strict=True, bint open_types=True,
               list findings=None, int64_t max_elements=10_000, int max_depth=64):
        """The value that ``data`` holds.

        :param type_name: ``MessageFrame``, or ``Common.Angle`` where two modules have the name.
        :param data: bytes, bytearray or memoryview: one complete encoding.
        :param check_constraints: check what the encoding does not show as well (gaps in ranges, sizes of UTF-8 text).
        :param strict: refuse trailing octets, padding that is not zero and lengths that are not minimal; relaxed mode
            accepts them and adds a finding, and gives the octets of an open type whose content does not decode.
        :param open_types: decode open types to ``(type name, value)``; else they stay octets, as asn1tools gives them.
        :param findings: a list that gets a :class:`rsu.errors.Finding` for all that is not canonical.
        :param max_elements: list elements in one message.
        :param max_depth: nesting, 256 at most.
        :raises rsu.DecodeError: with path, bit offset and reason.
        """
        cdef TypeCodec codec = self._codec(type_name)
        return codec.program.decode(
            codec.op, data, codec.name, check_constraints, strict, open_types, findings, max_elements, max_depth
        )

    def encode(self, type_name, value, bint check_types=True, bint check_constraints=False):
        """The encoding of ``value``.

        :param check_types: kept for asn1tools' signature; types are always checked.
        :param check_constraints: check what the encoding does not show as well.
        :raises rsu.EncodeError: with path and reason.
        """
        cdef TypeCodec codec = self._codec(type_name)
        return codec.program.encode(codec.op, value, codec.name, check_constraints)
