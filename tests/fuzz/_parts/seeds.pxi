# Seeds: messages with the bit ranges that the codec's trace names, and the index that finds like places in others.

cdef enum:  # roles of a bit range, numbered as ROLES is
    VALUE, PRESENCE, EXTENSION, LENGTH, INDEX, PADDING, RAW

ROLES = ("value", "presence", "extension", "length", "index", "padding", "raw")

cdef struct Field:
    int64_t at
    int32_t bits
    int32_t place  # number of its path and role among all seeds, or -1
    int32_t role


cdef class Seed:
    """One message.

    :param target: number of the type it is an encoding of.
    :param fields: (bit offset, bits, role, place) for each range, in order.
    """

    cdef readonly bytes data
    cdef readonly int target
    cdef bytes padded        # the same with SLACK behind it, to load from
    cdef Field* fields
    cdef int32_t* shape      # numbers of the fields that say where others begin and end
    cdef int32_t count, shapes

    def __cinit__(self, int target, bytes data, list fields):
        cdef int32_t number = 0
        cdef Field* field
        if PyBytes_GET_SIZE(data) > CAPACITY // 2:
            raise ValueError(f"a seed of {len(data)} octets; {CAPACITY // 2} are allowed")
        self.target, self.data, self.padded, self.count = target, data, data + bytes(SLACK), len(fields)
        self.fields = <Field*>PyMem_Calloc(max(1, self.count), sizeof(Field))
        self.shape = <int32_t*>PyMem_Calloc(max(1, self.count), sizeof(int32_t))
        if not self.fields or not self.shape:
            raise MemoryError()
        for at, bits, role, place in fields:
            field = &self.fields[number]
            field.at, field.bits, field.role, field.place = at, bits, role, place
            if role in (PRESENCE, EXTENSION, LENGTH, INDEX):
                self.shape[self.shapes] = number
                self.shapes += 1
            number += 1

    def __dealloc__(self):
        PyMem_Free(self.fields)
        PyMem_Free(self.shape)


cdef struct Like:
    int32_t seed, field


cdef class Places:
    """Place → the fields of all seeds that stand there, as one array with a start for each place."""

    cdef int32_t* starts
    cdef Like* likes
    cdef int32_t count

    def __cinit__(self, list seeds, int count):
        cdef Seed seed
        cdef int32_t number, place, total = 0
        self.count = count
        self.starts = <int32_t*>PyMem_Calloc(count + 2, sizeof(int32_t))
        self.likes = <Like*>PyMem_Calloc(1 + sum([len_of(seed) for seed in seeds]), sizeof(Like))
        if not self.starts or not self.likes:
            raise MemoryError()
        for seed in seeds:
            for number in range(seed.count):
                self.starts[seed.fields[number].place + 2] += 1
        for place in range(1, count + 2):
            self.starts[place] += self.starts[place - 1]
        self.starts[0] = 0
        for total in range(len(seeds)):
            seed = seeds[total]
            for number in range(seed.count):
                place = seed.fields[number].place + 1
                self.likes[self.starts[place]] = Like(total, number)
                self.starts[place] += 1

    def __dealloc__(self):
        PyMem_Free(self.starts)
        PyMem_Free(self.likes)

    cdef bint draw(self, Dice* dice, int32_t place, Like* found) noexcept:
        """Any field at this place; False where no seed has one."""
        cdef int32_t first
        if not 0 <= place < self.count:
            return False
        first = self.starts[place]
        if self.starts[place + 1] == first:
            return False
        found[0] = self.likes[first + below(dice, self.starts[place + 1] - first)]
        return True


cdef int len_of(Seed seed):
    return seed.count
