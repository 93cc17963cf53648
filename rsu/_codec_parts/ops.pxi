# The op program as C tables; the meaning of each column stands in rsu/_asn1/lower.py. A TABLE's c and d become first row and
# number of rows when the program is filled.

cdef enum:
    NULL_OP, BOOL, INT, BIGINT, SEMIINT, ANYINT, ENUM, BITSTR, OCTSTR, CHARSTR, TEXT, OID, ROID, REAL, GENTIME, UTCTIME
    SEQUENCE, CHOICE, LIST, OPEN, TABLE, OCTCON, BITCON, GROUP

cdef enum:  # op flags
    EXT = 1
    NAMED = 2
    UNSIGNED = 4

cdef enum:  # member flags
    OPTIONAL = 1
    DEFAULT = 2
    MUTABLE = 4
    KEY = 8  # an open type beside it is chosen by its value

cdef enum:
    OP_COLUMNS = 10
    MEMBER_COLUMNS = 4
    MAX_DEPTH = 256       # places of a path; the call's max_depth is at most this
    FRAGMENT = 16384      # X.691 11.9.3.8: longer lengths travel in pieces of 1 to 4 times this
    NO_NAME = -2147483648  # a path's place that has no name yet
    MAX_FINDINGS = 1000   # of one message: each costs more than what it tells of
    MAX_SMALL_OCTETS = 4  # of a normally small number: 2**32 alternatives are more than any schema has

cdef struct Op:
    uint8_t code
    uint8_t flags
    int32_t bits
    int32_t a, b, c, d
    int32_t min_bits
    int32_t needed  # of a SEQUENCE or group: root members up to the last one that always is in its value
    int64_t lo
    uint64_t span

cdef enum MemberKind:  # what a member's value is, as far as it is read without a call
    ANY_VALUE
    TABLE_VALUE
    PLAIN_INT   # a number of the root that fits int64: bits, with the extension bit on top 1 to 64; lo, span
    PLAIN_ITEM  # an item of the root: bits in the same way, lo is the first name, span the last item

cdef struct Member:
    int32_t op
    int32_t name
    int32_t flags
    int32_t value  # object of the DEFAULT, or -1
    int32_t kind
    int32_t bits
    int64_t lo
    uint64_t span

cdef struct Row:  # of an open type's table; sorted by number within a table
    int64_t number
    int32_t op
    int32_t name
