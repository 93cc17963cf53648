# A projection as C tables: which fields of a message go to which columns. Made by rsu/columns/compile.py, run by columns.pxi.

cdef enum StepCode:
    PASS_BITS      # bits that may be anything
    CHECK_BITS     # a number that must not be above span
    STORE_INT      # the same, kept
    STORE_OCTETS   # up to eight octets, kept
    RUN            # `bits` bits, of which the `node` steps behind it tell what is asked for, each `place` bits from the start
    SKIP_VALUE     # a value of any type, checked and not kept
    KEY_VALUE      # an integer that chooses an open type, kept where it has a column
    CELL           # a value of any type, kept
    DOWN           # a SEQUENCE, CHOICE, LIST or string with CONTAINING, some of which is kept: `node`
    DOWN_TABLE     # an open type by table, some of which is kept: `node`
    DOWN_SEQUENCE  # DOWN for a SEQUENCE: the plan makes it of it
    STORE_1        # STORE_INT for cells of one octet, of two, four and eight: the plan makes them of it
    STORE_2
    STORE_4
    STORE_8

cdef enum CellKind:
    NUMBER_CELL    # INTEGER, BOOLEAN, NULL, ENUMERATED, and what a container is: alternative, row, presence, elements
    FLAGS_CELL     # BIT STRING: bit i of the string is bit i of the number
    OCTETS_CELL    # OCTET STRING of fixed size
    OBJECT_CELL    # anything else: the decoder's Python value

cdef enum Why:     # why a cell is empty; faults follow
    KEPT, ABSENT, UNAVAILABLE, UNKNOWN, TOO_WIDE, FIRST_FAULT

cdef enum:
    MAX_RUN_BITS = 2048  # of one RUN at most; steps.py knows it
    WORD_ROOM = 9    # octets that reading a field of a RUN may load from its first one on
    NEAR_OCTETS = 274  # MAX_RUN_BITS in octets, and WORD_ROOM on both sides
    STEP_COLUMNS = 12
    NODE_COLUMNS = 5
    FILL_COLUMNS = 3
    MAX_LEVELS = 8  # lists inside lists

cdef struct Step:
    int32_t code
    int32_t presence  # which presence bit of its SEQUENCE, or -1
    int32_t place     # its alternative, addition or row name; in a RUN where its bits begin; of a RUN its Straight, by the plan
    int32_t op, node, column
    int32_t bits, shift  # shift: 64 - bits
    int32_t fill, fills  # what columns hold when a component with DEFAULT is absent
    int32_t name      # of the component, for open types beside it
    int64_t lo
    uint64_t span

cdef struct Node:
    int32_t op
    int32_t first, count    # steps: components in order; alternatives, rows or elements of which something is kept
    int32_t more            # of a SEQUENCE: how many steps for additions follow
    int32_t deep            # levels of SEQUENCEs that were drawn into this one

cdef struct Filling:
    int32_t column
    int32_t item      # object, or -1
    int64_t number

cdef enum:  # what becomes of a field of a RUN
    CHECKED_FIELD, FIELD_1, FIELD_2, FIELD_4, FIELD_8, OCTETS_FIELD, FIELD_KINDS

cdef struct StraightField:  # of a RUN, as short as its walk needs
    int64_t place, shift  # shift: 64 - bits
    int64_t column
    int64_t lo
    uint64_t span

cdef struct Straight:  # the fields of a RUN, those of one kind together
    StraightField* first
    StraightField* last[FIELD_KINDS]  # behind those of each kind
    int32_t column, columns   # that it fills, where they lie side by side

cdef struct Column:
    char* data        # of row 0
    int64_t stride
    int64_t offset    # from the structured row's beginning, where there is one
    int32_t kind, width, level


cdef class Plan:
    """A compiled projection.

    :param steps: rows of ``STEP_COLUMNS`` numbers, in the order of :c:type:`Step`; a span is given as a signed number.
    :param nodes: rows of ``NODE_COLUMNS`` numbers, in the order of :c:type:`Node`; node 0 is a single step for the type itself.
    :param fills: rows of ``FILL_COLUMNS`` numbers.
    :param columns: (kind, octets of a cell, level) of each column; level 0 is the message, n the elements of the n-th list.
    :param objects: Python values of DEFAULTs.
    """

    cdef Program program
    cdef Step* steps
    cdef Node* nodes
    cdef Filling* fills
    cdef Straight* runs
    cdef StraightField* fields
    cdef readonly list columns
    cdef list objects
    cdef int levels
    cdef bint has_objects

    def __cinit__(self, Program program, list steps, list nodes, list fills, list columns, list objects):
        cdef Py_ssize_t place
        self.program = program
        self.columns, self.objects = columns, objects
        self.levels = 1 + max([level for _, _, level in columns], default=0)
        if self.levels > MAX_LEVELS:
            raise SchemaError(f"{self.levels - 1} lists inside one another; {MAX_LEVELS - 1} are allowed")
        self.has_objects = any(kind == OBJECT_CELL for kind, _, _ in columns)
        self.steps = <Step*>PyMem_Malloc(max(1, len(steps)) * sizeof(Step))
        self.nodes = <Node*>PyMem_Malloc(max(1, len(nodes)) * sizeof(Node))
        self.fills = <Filling*>PyMem_Malloc(max(1, len(fills)) * sizeof(Filling))
        if not self.steps or not self.nodes or not self.fills:
            raise MemoryError()
        for place in range(len(steps)):
            self._fill_step(&self.steps[place], steps[place])
        self._make_runs(len(steps))
        for place in range(len(nodes)):
            self._fill_node(&self.nodes[place], nodes[place])
        for place in range(len(fills)):
            self.fills[place].column, self.fills[place].item, self.fills[place].number = fills[place]

    cdef int _fill_step(self, Step* step, tuple row) except -1:
        step.code, step.presence, step.place, step.op, step.node, step.column = row[:6]
        step.bits, step.fill, step.fills, step.name, step.lo = row[6:11]
        step.span = <uint64_t><int64_t>row[11]
        step.shift = 64 - step.bits
        if step.code == STORE_INT:
            step.code = {1: STORE_1, 2: STORE_2, 4: STORE_4, 8: STORE_8}[self.columns[step.column][1]]
        elif step.code == DOWN and self.program.ops[step.op].code == SEQUENCE:
            step.code = DOWN_SEQUENCE
        return 0

    cdef int _make_runs(self, Py_ssize_t count) except -1:
        cdef Py_ssize_t place
        cdef list heads = [place for place in range(count) if self.steps[place].code == RUN]
        cdef StraightField* field
        self.runs = <Straight*>PyMem_Malloc(max(1, len(heads)) * sizeof(Straight))
        self.fields = field = <StraightField*>PyMem_Malloc(max(1, count) * sizeof(StraightField))
        if not self.runs or not self.fields:
            raise MemoryError()
        for place in range(len(heads)):
            self.steps[<Py_ssize_t>heads[place]].place = <int32_t>place
            field = make_run(&self.runs[place], &self.steps[<Py_ssize_t>heads[place]], field)
        return 0

    cdef int _fill_node(self, Node* node, tuple row) except -1:
        node.op, node.first, node.count, node.more, node.deep = row
        return 0

    def __dealloc__(self):
        PyMem_Free(self.steps)
        PyMem_Free(self.nodes)
        PyMem_Free(self.fills)
        PyMem_Free(self.runs)
        PyMem_Free(self.fields)
