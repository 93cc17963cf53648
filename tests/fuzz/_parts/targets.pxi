# Targets: the types under test, and the calls that each is checked with.

cdef enum:
    DECODE_CLOCK, ENCODE_CLOCK, FREE_CLOCK
    CLOCKS = 16

FIRST_CLOCK = FREE_CLOCK  # of the calls beside decode and encode


cdef class Check:
    """One checked call of one type.

    :param clock: number of its clock.
    :param every: one of how many inputs it gets.
    :param call: octets → result, or DecodeError.
    :param agree: (octets, decoded value, result) → what is wrong, or nothing; None where the result says nothing.
    :param lenient: may accept what decoding refuses.
    """

    cdef int clock
    cdef int64_t every
    cdef object call, agree
    cdef bint lenient
    cdef readonly str name

    def __init__(self, str name, int clock, int64_t every, call, agree, bint lenient):
        if not FREE_CLOCK <= clock < CLOCKS:
            raise ValueError(f"clock {clock} of {name}: must be {FREE_CLOCK}..{CLOCKS - 1}")
        self.name, self.clock, self.every, self.call, self.agree, self.lenient = name, clock, every, call, agree, lenient


cdef class Target:
    """One type: where it stands in the counts, and its calls."""

    cdef readonly str standard, type_name
    cdef readonly tuple checks
    cdef int64_t row
    cdef object decode, encode

    def __init__(self, str standard, int row, str type_name, decode, encode, tuple checks):
        if row < 0:
            raise ValueError(f"row {row}")
        self.standard, self.row, self.type_name, self.checks = standard, row, type_name, checks
        self.decode, self.encode = decode, encode
