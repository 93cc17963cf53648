# Random numbers and bit ranges.

cdef enum:
    CAPACITY = 262144  # octets of one input
    SLACK = 16
    STEP = 56          # bits moved at once: with up to seven before them they fit a 64-bit load

cdef extern from *:
    """
    #define fuzz_swap64(word) __builtin_bswap64(word)
    """
    uint64_t fuzz_swap64(uint64_t word) nogil


cdef struct Dice:
    uint64_t state


cdef inline uint64_t roll(Dice* dice) noexcept nogil:
    """splitmix64 (Steele, Lea, Flood 2014): any state is a good one, so a run's number can be the state."""
    cdef uint64_t z
    dice.state += 0x9E3779B97F4A7C15ULL
    z = dice.state
    z = (z ^ (z >> 30)) * <uint64_t>0xBF58476D1CE4E5B9ULL
    z = (z ^ (z >> 27)) * <uint64_t>0x94D049BB133111EBULL
    return z ^ (z >> 31)


cdef inline int64_t below(Dice* dice, int64_t count) noexcept nogil:
    """A number of 0..count-1; count is at least 1 and below 2**32."""
    return <int64_t>(((roll(dice) >> 32) * <uint64_t>count) >> 32)


cdef inline uint64_t load(const uint8_t* p) noexcept nogil:
    cdef uint64_t word
    memcpy(&word, p, 8)
    return fuzz_swap64(word)


cdef inline uint64_t get_bits(const uint8_t* data, int64_t at, int count) noexcept nogil:
    """``count`` bits, 1..STEP."""
    return (load(data + (at >> 3)) << (at & 7)) >> (64 - count)


cdef inline void put_bits(uint8_t* data, int64_t at, int count, uint64_t value) noexcept nogil:
    """``count`` bits, 1..STEP; what is higher in ``value`` does not count."""
    cdef int shift = 64 - count - <int>(at & 7)
    cdef uint64_t mask = ((<uint64_t>1 << count) - 1) << shift
    cdef uint64_t word = load(data + (at >> 3))
    word = fuzz_swap64((word & ~mask) | ((value << shift) & mask))
    memcpy(data + (at >> 3), &word, 8)


cdef void copy_bits(uint8_t* into, int64_t at, const uint8_t* source, int64_t start, int64_t count) noexcept nogil:
    """Forward, so the ranges may overlap where ``into`` lies before ``source``."""
    if count > 2 * STEP and (at & 7) == 0 and (start & 7) == 0:
        memcpy_down(into + (at >> 3), source + (start >> 3), count >> 3)
        at += count & ~7
        start += count & ~7
        count &= 7
    while count > STEP:
        put_bits(into, at, STEP, get_bits(source, start, STEP))
        at += STEP
        start += STEP
        count -= STEP
    if count > 0:
        put_bits(into, at, <int>count, get_bits(source, start, <int>count))


cdef inline void memcpy_down(uint8_t* into, const uint8_t* source, int64_t octets) noexcept nogil:
    """Octets moved towards lower places."""
    cdef int64_t place = 0
    cdef uint64_t word
    while place + 8 <= octets:
        memcpy(&word, source + place, 8)  # through a word, since the ranges may overlap
        memcpy(into + place, &word, 8)
        place += 8
    while place < octets:
        into[place] = source[place]
        place += 1


cdef void fill_bits(uint8_t* data, int64_t at, int64_t count, bint ones) noexcept nogil:
    cdef uint64_t value = ~<uint64_t>0 if ones else 0
    while count > STEP:
        put_bits(data, at, STEP, value)
        at += STEP
        count -= STEP
    if count > 0:
        put_bits(data, at, <int>count, value)
