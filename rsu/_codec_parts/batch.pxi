# Many messages along a plan: where they lie, the rows they give, and the walk over all of them without the GIL.

#: Why a cell is empty, by number: what the message says, then the codes of :class:`rsu.DecodeError`.
REASONS = (
    "", "absent", "unavailable", "unknown", "wide", "alphabet", "depth", "elements", "encoding", "index", "length",
    "non-minimal", "open-type", "padding", "range", "size", "trailing", "truncated",
)
REASON_NUMBERS = {reason: number for number, reason in enumerate(REASONS)}

cdef int[64] fault_reasons
for _fault, (_code, _) in FAULTS.items():
    fault_reasons[<int>_fault] = REASON_NUMBERS[_code]


cdef class Batch:
    """Messages to be decoded together: a list of octets, or one buffer with the places where they begin.

    :param messages: bytes, bytearray, memoryview or ``None`` each.
    """

    cdef const uint8_t** starts  # NULL: there is no message here
    cdef int64_t* lengths
    cdef int64_t* rooms  # octets that may be loaded from where a message begins: others may lie behind it
    cdef Py_ssize_t count
    cdef object keep
    cdef Rows rows
    cdef object storage

    def __cinit__(self):
        self.starts = NULL
        self.lengths = self.rooms = NULL

    def __dealloc__(self):
        PyMem_Free(self.starts)
        PyMem_Free(self.lengths)
        PyMem_Free(self.rooms)

    def __len__(self):
        return self.count

    cdef int _make(self, Py_ssize_t count, object keep) except -1:
        self.count, self.keep = count, keep
        self.starts = <const uint8_t**>PyMem_Malloc(max(1, count) * sizeof(void*))
        self.lengths = <int64_t*>PyMem_Malloc(max(1, count) * sizeof(int64_t))
        self.rooms = <int64_t*>PyMem_Malloc(max(1, count) * sizeof(int64_t))
        if self.starts == NULL or self.lengths == NULL or self.rooms == NULL:
            raise MemoryError()
        return 0

    cdef void put(self, Py_ssize_t place, const uint8_t* start, int64_t length, int64_t room) noexcept:
        self.starts[place], self.lengths[place], self.rooms[place] = start, length, max(length, room)

    @staticmethod
    def of_list(messages):
        """From a sequence of octets."""
        cdef Batch batch = Batch()
        cdef Py_ssize_t place
        cdef tuple items = tuple(messages)  # holds them while the GIL is away
        if any([type(item) is not bytes for item in items]):
            items = tuple([item if item is None else octets_of(item) for item in items])
        batch._make(len(items), items)
        for place in range(batch.count):
            item = items[place]
            if item is None:
                batch.put(place, NULL, 0, 0)
            else:
                batch.put(place, <const uint8_t*>PyBytes_AS_STRING(item), PyBytes_GET_SIZE(item), 0)
        return batch

    @staticmethod
    def of_buffer(const uint8_t[::1] buffer, const int64_t[::1] offsets):
        """From one buffer: message i is ``buffer[offsets[i]:offsets[i + 1]]``.

        :raises ValueError: where the offsets fall or pass the buffer.
        """
        cdef Batch batch = Batch()
        cdef Py_ssize_t place, count = offsets.shape[0] - 1
        cdef const uint8_t* base = &buffer[0] if buffer.shape[0] else <const uint8_t*>b""
        if count < 0:
            raise ValueError("offsets need one more item than there are messages")
        batch._make(count, (buffer, offsets))
        for place in range(count):
            if not 0 <= offsets[place] <= offsets[place + 1] <= buffer.shape[0]:
                raise ValueError(
                    f"offsets {offsets[place]} and {offsets[place + 1]} of message {place}: "
                    f"must rise within the buffer's {buffer.shape[0]} octets"
                )
            batch.put(place, base + offsets[place], offsets[place + 1] - offsets[place], buffer.shape[0] - offsets[place])
        return batch

    @staticmethod
    def of_arrow(source):
        """From an Arrow array or stream of arrays of octets; a null is a message that is not there.

        :raises TypeError: for an array of anything else.
        """
        cdef Batch batch = Batch()
        cdef ArrowPart part
        cdef int64_t first = 0
        layout, parts = arrow_parts(source)
        form, _, width = layout.partition(":")
        batch._make(sum([(<ArrowPart>part).array.length for part in parts]), parts)
        for part in parts:
            place_part(batch, first, &part.array, ARROW_FORMS[form], int(width or 0))
            first += part.array.length
        return batch

    def walk(self, Plan plan, storage, uint8_t[::1] verdicts, *, int64_t max_elements=10_000, int max_depth=64):
        """Decodes all messages to rows.

        :param storage: makes room: ``resize(capacity, used)`` gives the addresses of ``why``, ``message`` and ``element``,
            (address, width) of the structured rows or zeros, and (address, stride) of each column.
        :param verdicts: gets the reason of each message that does not decode, 0 for the others.
        :returns: the number of rows.
        """
        cdef list columns = plan.columns
        cdef Py_ssize_t place
        if verdicts.shape[0] < self.count:
            raise ValueError(f"{verdicts.shape[0]} verdicts for {self.count} messages")
        self.rows.columns = <Column*>PyMem_Malloc(max(1, len(columns)) * sizeof(Column))
        if self.rows.columns == NULL:
            raise MemoryError()
        self.rows.count, self.rows.levels = <int>len(columns), plan.levels
        for place in range(len(columns)):
            column = &self.rows.columns[place]
            column.kind, column.width, column.level = columns[place]
        self.rows.owner = <PyObject*>self
        self.rows.used = self.rows.capacity = 0
        self.storage = storage
        try:
            self._resize(self.count)
            self._walk(plan, verdicts, max_elements, max_depth)
        finally:
            PyMem_Free(self.rows.columns)
            self.storage = None
        return self.rows.used

    cdef int _walk(self, Plan plan, uint8_t[::1] verdicts, int64_t max_elements, int max_depth) except -1:
        cdef Walk w
        cdef Py_ssize_t place
        cdef int why = 0
        cdef Rows* rows = &self.rows
        plan.program._start(&w, b"", None, False, True, True, None, max_elements, max_depth)
        with nogil:
            for place in range(self.count):
                w.data, w.octets = self.starts[place], self.rooms[place]
                w.pos = w.base = w.depth = 0
                w.end = 8 * self.lengths[place]
                w.elements = max_elements
                if w.data == NULL:
                    why = new_row(&w, rows, place)  # a row of nothing
                else:
                    why = walk_message(&w, plan, rows, place)
                if why < 0:
                    break
                verdicts[place] = <uint8_t>why
        if why < 0:
            raise_fault(&w)
        return 0

    cdef int grow(self) except -1:
        return self._resize(2 * self.rows.capacity)

    cdef int _resize(self, int64_t capacity) except -1:
        cdef Py_ssize_t place
        capacity = max(capacity, 64)
        why, message, element, record, cells = self.storage.resize(capacity, self.rows.used)
        self.rows.record, self.rows.record_width = <char*><size_t>record[0], record[1]
        self.rows.why = <uint8_t*><size_t>why
        self.rows.message = <int64_t*><size_t>message
        self.rows.element = <int32_t*><size_t>element
        for place in range(self.rows.count):
            address, stride = cells[place]
            self.rows.columns[place].data = <char*><size_t>address
            self.rows.columns[place].stride = stride
            self.rows.columns[place].offset = <int64_t>(<size_t>address - <size_t>self.rows.record)
        self.rows.capacity = capacity
        return 0


def address_of(octets):
    """Where the octets of an object with a buffer are; it must be held as long as the address is used."""
    cdef Py_buffer view
    cdef size_t address
    PyObject_GetBuffer(octets, &view, PyBUF_SIMPLE)
    address = <size_t>view.buf
    PyBuffer_Release(&view)
    return address


def take_objects(size_t address, Py_ssize_t count):
    """The Python objects behind a column of ``OBJECT_CELL`` cells, ``None`` for the empty ones; the cells give them up."""
    cdef PyObject** cells = <PyObject**>address
    cdef Py_ssize_t place
    cdef list found = [None] * count
    for place in range(count):
        if cells[place] is not NULL:
            found[place] = <object>cells[place]
            Py_DECREF(<object>cells[place])
            cells[place] = NULL
    return found
