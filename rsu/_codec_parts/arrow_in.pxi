# Messages of Arrow arrays: where each lies, as the array's own buffers have it.

cdef struct ArrowStream:
    int (*get_schema)(ArrowStream*, ArrowSchema*) noexcept
    int (*get_next)(ArrowStream*, ArrowArray*) noexcept
    const char* (*get_last_error)(ArrowStream*) noexcept
    void (*release)(ArrowStream*) noexcept
    void* private_data

cdef enum ArrowForm:
    SHORT_OFFSETS, LONG_OFFSETS, FIXED_WIDTH, VIEWS

ARROW_FORMS = {
    "z": SHORT_OFFSETS, "u": SHORT_OFFSETS, "Z": LONG_OFFSETS, "U": LONG_OFFSETS, "w": FIXED_WIDTH, "vz": VIEWS, "vu": VIEWS,
}

cdef enum:
    INLINE = 12  # octets that a view holds itself

cdef struct View:
    int32_t length
    int32_t prefix   # of the octets; up to INLINE octets begin here
    int32_t buffer
    int32_t offset


cdef class ArrowPart:
    """One array that was handed over; released with this object."""

    cdef ArrowArray array

    def __dealloc__(self):
        if self.array.release != NULL:
            self.array.release(&self.array)


cdef tuple arrow_parts(object source):
    """(format, list of ArrowPart) of anything with ``__arrow_c_array__`` or ``__arrow_c_stream__``."""
    cdef ArrowArray* array
    cdef ArrowPart part = ArrowPart()
    if not hasattr(source, "__arrow_c_array__"):
        return stream_parts(source.__arrow_c_stream__())
    schema_capsule, array_capsule = source.__arrow_c_array__()
    layout = layout_of(<ArrowSchema*>PyCapsule_GetPointer(<PyObject*>schema_capsule, b"arrow_schema"))
    array = <ArrowArray*>PyCapsule_GetPointer(<PyObject*>array_capsule, b"arrow_array")
    part.array = array[0]
    array.release = NULL  # moved
    return layout, [part]


cdef tuple stream_parts(object capsule):
    """The same of a stream of arrays: a chunked one, or a column of polars."""
    cdef ArrowStream* stream = <ArrowStream*>PyCapsule_GetPointer(<PyObject*>capsule, b"arrow_array_stream")
    cdef ArrowSchema schema
    cdef ArrowPart part
    cdef list parts = []
    if stream.get_schema(stream, &schema):
        raise stream_error(stream)
    try:
        layout = layout_of(&schema)
    finally:
        schema.release(&schema)
    while True:
        part = ArrowPart()
        if stream.get_next(stream, &part.array):
            raise stream_error(stream)
        if part.array.release == NULL:
            return layout, parts
        parts.append(part)


cdef object stream_error(ArrowStream* stream):
    cdef const char* text = stream.get_last_error(stream)
    return ValueError(f"the Arrow stream failed: {text.decode('utf-8', 'replace') if text != NULL else 'no reason is given'}")


cdef object layout_of(ArrowSchema* schema):
    """The format of an array of octets.

    :raises TypeError: for any other.
    """
    cdef str layout = schema.format.decode()
    if schema.dictionary != NULL or layout.partition(":")[0] not in ARROW_FORMS:
        kind = "a dictionary" if schema.dictionary != NULL else f"of format {layout!r}"
        raise TypeError(f"the Arrow array is {kind}: must be one of binary, large_binary, binary_view or fixed_size_binary")
    return layout


cdef int place_part(Batch batch, int64_t first, ArrowArray* array, ArrowForm form, int64_t width) except -1:
    """Where the messages of one array lie; ``first`` is the number of its first message."""
    cdef const uint8_t* valid = <const uint8_t*>array.buffers[0] if array.null_count else NULL
    cdef int64_t place, cell, last = array.offset + array.length
    for place in range(array.length):
        cell = array.offset + place
        if valid != NULL and not valid[cell >> 3] >> (cell & 7) & 1:
            batch.put(first + place, NULL, 0, 0)
        elif form == FIXED_WIDTH:
            put_message(batch, first + place, <const uint8_t*>array.buffers[1], cell * width, (cell + 1) * width,
                        last * width)
        elif form == VIEWS:
            put_view(batch, first + place, array, cell)
        elif form == SHORT_OFFSETS:
            put_message(batch, first + place, <const uint8_t*>array.buffers[2],
                        (<const int32_t*>array.buffers[1])[cell], (<const int32_t*>array.buffers[1])[cell + 1],
                        (<const int32_t*>array.buffers[1])[last])
        else:
            put_message(batch, first + place, <const uint8_t*>array.buffers[2],
                        (<const int64_t*>array.buffers[1])[cell], (<const int64_t*>array.buffers[1])[cell + 1],
                        (<const int64_t*>array.buffers[1])[last])
    return 0


cdef int put_view(Batch batch, int64_t message, ArrowArray* array, int64_t cell) except -1:
    cdef const View* view = <const View*>array.buffers[1] + cell
    if view.length <= INLINE:
        return put_message(batch, message, <const uint8_t*>&view.prefix, 0, view.length, 0)
    if not 0 <= view.buffer < array.n_buffers - 3:  # validity, views, …, lengths of those between
        raise ValueError(f"message {message}: buffer {view.buffer} of an Arrow array that has {array.n_buffers - 3}")
    return put_message(
        batch, message, <const uint8_t*>array.buffers[2 + view.buffer], view.offset, <int64_t>view.offset + view.length, 0
    )


cdef int put_message(Batch batch, int64_t message, const uint8_t* data, int64_t start, int64_t end, int64_t limit) except -1:
    """``limit`` is where the buffer's known octets end."""
    if not 0 <= start <= end or (data == NULL and start < end):
        raise ValueError(f"Arrow offsets {start} and {end} of message {message} do not rise")
    batch.put(message, data + start if data != NULL else <const uint8_t*>b"", end - start, limit - start if data != NULL else 0)
    return 0
