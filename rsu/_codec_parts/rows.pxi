# Rows of cells: where they are, how one is begun, copied to others and given back.

cdef struct Rows:
    Column* columns
    int count                 # columns
    uint8_t* why              # rows x columns
    char* record              # of row 0, where cells lie side by side, else NULL
    int64_t record_width
    int64_t* message          # which message a row belongs to
    int32_t* element          # rows x (levels - 1): which element of each list, or -1
    int64_t capacity, used
    int64_t row               # the row that is being filled
    int levels
    int level                 # of the element that is being walked; 0 is the message
    PyObject* owner           # the Batch, which makes more rows


cdef inline void put_number(Rows* r, int column, int64_t number) noexcept nogil:
    cdef Column* c = &r.columns[column]
    put_cell(c.data + r.row * c.stride, c.width, number)
    r.why[r.row * r.count + column] = KEPT


cdef inline void put_cell(char* cell, int width, int64_t number) noexcept nogil:
    if width == 2:
        (<int16_t*>cell)[0] = <int16_t>number
    elif width == 4:
        (<int32_t*>cell)[0] = <int32_t>number
    elif width == 8:
        (<int64_t*>cell)[0] = number
    else:
        (<int8_t*>cell)[0] = <int8_t>number


cdef inline void set_why(Rows* r, int column, int why) noexcept nogil:
    r.why[r.row * r.count + column] = <uint8_t>why


cdef inline int new_row(Walk* w, Rows* r, int64_t message) noexcept nogil:
    cdef int level
    if r.used >= r.capacity and more_rows(w, r) < 0:
        return -1
    r.row = r.used
    r.used += 1
    r.message[r.row] = message
    if r.record != NULL:
        fill_octets(<uint8_t*>(r.record + r.row * r.record_width), 0, <int>r.record_width)
    fill_octets(r.why + r.row * r.count, ABSENT, r.count)
    if r.levels > 1:
        for level in range(r.levels - 1):
            r.element[r.row * (r.levels - 1) + level] = -1
    return 0


cdef int more_rows(Walk* w, Rows* r) noexcept with gil:
    try:
        (<Batch>r.owner).grow()
    except BaseException as error:
        return keep_error(w, error)
    return 0


cdef void spread(Rows* r, int level, int64_t first, int64_t last) noexcept nogil:
    """Copies the cells of a level from its first row to the rows up to ``last``."""
    cdef int column
    cdef int64_t row
    cdef Column* c
    for column in range(r.count):
        c = &r.columns[column]
        if c.level != level:
            continue
        for row in range(first + 1, last):
            memcpy(c.data + row * c.stride, c.data + first * c.stride, c.width)
            r.why[row * r.count + column] = r.why[first * r.count + column]
        if c.kind == OBJECT_CELL:
            hold_copies(c, first, last)
    for row in range(first + 1, last):
        for column in range(level):
            r.element[row * (r.levels - 1) + column] = r.element[first * (r.levels - 1) + column]


cdef void hold_copies(Column* c, int64_t first, int64_t last) noexcept with gil:
    cdef PyObject* item = (<PyObject**>(c.data + first * c.stride))[0]
    cdef int64_t row
    if item is not NULL:
        for row in range(first + 1, last):
            Py_INCREF(<object>item)


cdef void clear_rows(Plan plan, Rows* r, int64_t first) noexcept nogil:
    """Empties the cells of rows that are given back."""
    cdef int column
    cdef int64_t row
    if plan.has_objects:
        drop_objects(r, first)
    for column in range(r.count):
        for row in range(first, r.used):
            memset(r.columns[column].data + row * r.columns[column].stride, 0, r.columns[column].width)


cdef void drop_objects(Rows* r, int64_t first) noexcept with gil:
    cdef int column
    cdef int64_t row
    cdef PyObject* item
    for column in range(r.count):
        if r.columns[column].kind == OBJECT_CELL:
            for row in range(first, r.used):
                item = (<PyObject**>(r.columns[column].data + row * r.columns[column].stride))[0]
                (<PyObject**>(r.columns[column].data + row * r.columns[column].stride))[0] = NULL
                if item is not NULL:
                    Py_DECREF(<object>item)
