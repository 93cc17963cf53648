# Arrow's C data interface (arrow.apache.org/docs/format/CDataInterface.html): messages in, tables out, without a copy.
#
# An array that goes out owns itself: its struct holds a Python reference to what its buffers lie in, and so does each child,
# because a consumer may take a child and release its parent. What comes in is moved into an ArrowPart, which releases it.

cdef extern from "Python.h":
    object PyCapsule_New(void* pointer, const char* name, void (*destructor)(PyObject*) noexcept)
    void* PyCapsule_GetPointer(PyObject* capsule, const char* name) except NULL
    bint Py_IsInitialized() nogil

cdef enum:
    NULLABLE = 2  # flag of a schema

ctypedef void (*ReleaseSchema)(ArrowSchema*) noexcept nogil
ctypedef void (*ReleaseArray)(ArrowArray*) noexcept nogil

cdef struct ArrowSchema:
    const char* format
    const char* name
    const char* metadata
    int64_t flags, n_children
    ArrowSchema** children
    ArrowSchema* dictionary
    ReleaseSchema release
    void* private_data

cdef struct ArrowArray:
    int64_t length, null_count, offset, n_buffers, n_children
    const void** buffers
    ArrowArray** children
    ArrowArray* dictionary
    ReleaseArray release
    void* private_data


def export_field(field):
    """Capsules of schema and array, as ``__arrow_c_array__`` gives them, from a :class:`rsu.columns.arrow.Field`."""
    cdef ArrowSchema* schema = <ArrowSchema*>new_struct(sizeof(ArrowSchema))
    schema_capsule = PyCapsule_New(schema, b"arrow_schema", &drop_schema_capsule)
    build_schema(schema, field)
    cdef ArrowArray* array = <ArrowArray*>new_struct(sizeof(ArrowArray))
    array_capsule = PyCapsule_New(array, b"arrow_array", &drop_array_capsule)
    build_array(array, field)
    return schema_capsule, array_capsule


cdef void* new_struct(size_t octets) except NULL:
    cdef void* made = malloc(octets)
    if made == NULL:
        raise MemoryError()
    memset(made, 0, octets)
    return made


# Out --------------------------------------------------------------------------------------------------------------------

cdef int build_schema(ArrowSchema* schema, field) except -1:
    """Fills a struct of zeros; whatever was filled when this fails, its release gives back."""
    cdef Py_ssize_t place
    cdef bytes layout = field.format.encode(), name = field.name.encode()
    schema.private_data = hold((layout, name))
    schema.release = &release_schema
    schema.format, schema.name = layout, name
    schema.flags = NULLABLE
    if field.children:
        schema.children = <ArrowSchema**>new_struct(len(field.children) * sizeof(void*))
        schema.n_children = len(field.children)
    for place in range(schema.n_children):
        schema.children[place] = <ArrowSchema*>new_struct(sizeof(ArrowSchema))
        build_schema(schema.children[place], field.children[place])
    if field.dictionary is not None:
        schema.dictionary = <ArrowSchema*>new_struct(sizeof(ArrowSchema))
        build_schema(schema.dictionary, field.dictionary)
    return 0


cdef int build_array(ArrowArray* array, field) except -1:
    """As :c:func:`build_schema`."""
    cdef Py_ssize_t place
    cdef list buffers = list(field.buffers)
    array.private_data = hold(buffers)
    array.release = &release_array
    array.length, array.null_count = field.length, field.nulls
    array.buffers = <const void**>new_struct(max(1, len(buffers)) * sizeof(void*))
    array.n_buffers = len(buffers)
    for place in range(len(buffers)):
        if buffers[place] is not None:
            array.buffers[place] = <const void*><size_t>buffers[place].__array_interface__["data"][0]
    if field.children:
        array.children = <ArrowArray**>new_struct(len(field.children) * sizeof(void*))
        array.n_children = len(field.children)
    for place in range(array.n_children):
        array.children[place] = <ArrowArray*>new_struct(sizeof(ArrowArray))
        build_array(array.children[place], field.children[place])
    if field.dictionary is not None:
        array.dictionary = <ArrowArray*>new_struct(sizeof(ArrowArray))
        build_array(array.dictionary, field.dictionary)
    return 0


cdef void* hold(object held) noexcept:
    Py_INCREF(held)
    return <void*>held


cdef void let_go(void* held) noexcept nogil:
    """Gives up what a struct holds; consumers call this from any thread, and as late as when Python is gone."""
    if held != NULL and Py_IsInitialized():
        let_go_in_python(held)


cdef void let_go_in_python(void* held) noexcept with gil:
    Py_DECREF(<object>held)


cdef void release_schema(ArrowSchema* schema) noexcept nogil:
    cdef int64_t place
    for place in range(schema.n_children):
        drop_schema(schema.children[place])
    free(schema.children)
    drop_schema(schema.dictionary)
    let_go(schema.private_data)
    schema.release = NULL


cdef void release_array(ArrowArray* array) noexcept nogil:
    cdef int64_t place
    for place in range(array.n_children):
        drop_array(array.children[place])
    free(array.children)
    drop_array(array.dictionary)
    free(array.buffers)
    let_go(array.private_data)
    array.release = NULL


cdef void drop_schema(ArrowSchema* schema) noexcept nogil:
    """The struct, and what is in it unless a consumer has moved that."""
    if schema != NULL and schema.release != NULL:
        schema.release(schema)
    free(schema)


cdef void drop_array(ArrowArray* array) noexcept nogil:
    if array != NULL and array.release != NULL:
        array.release(array)
    free(array)


cdef void drop_schema_capsule(PyObject* capsule) noexcept:
    drop_schema(<ArrowSchema*>PyCapsule_GetPointer(capsule, b"arrow_schema"))


cdef void drop_array_capsule(PyObject* capsule) noexcept:
    drop_array(<ArrowArray*>PyCapsule_GetPointer(capsule, b"arrow_array"))
