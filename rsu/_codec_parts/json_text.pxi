# The text that to_json writes: a buffer that begins on the stack, prepared pieces, numbers, octets and letters.

cdef enum:
    FIRST_TEXT = 4096  # octets on the stack; a longer text moves to the heap
    PIECE = 32         # octets of a prepared piece that are copied at once; two times that can be read wherever one begins
    TEXT_MARGIN = 512  # octets behind `limit`: what is written without asking for room is one number and MAX_DEPTH brackets
    FRACTION = 57      # bits behind the point while a number is printed

cdef struct Piece:  # prepared text
    const uint8_t* text
    int64_t length

cdef struct Pen:  # how a component of a run is written
    const uint8_t* key   # ,"name":
    const Piece* words   # WORD: text of each value
    int64_t lo
    uint64_t span
    int32_t key_length
    int32_t kind
    int32_t bits, shift  # shift: 64 - bits
    int64_t shut         # brackets that end with it

cdef struct Run:  # one for each member; of a SEQUENCE's components that are a run the first has it
    int64_t bits
    int64_t text         # octets at most
    int32_t members      # 0: none
    int32_t depth        # places of the path within it
    int32_t first, last  # pens

cdef struct Text:
    uint8_t* at
    uint8_t* data
    uint8_t* limit     # TEXT_MARGIN octets before the end
    bint owned         # data is from malloc
    Piece* keys        # of each name: ,"name":
    Piece* words       # of each name: "name"; behind them false and true
    Pen* pens          # of all runs
    Run* runs          # of each member
    Piece* defaults    # of each object that is a DEFAULT: its member, as text

cdef uint8_t[200] PAIRS   # "00" to "99"
cdef uint8_t[512] HEX     # "00" to "FF"
cdef uint8_t[128] ESCAPE  # of each letter: 0 as it is, "u" by its number, else the letter behind the backslash


cdef int fill_tables() except -1:
    cdef int place
    cdef bytes pairs = "".join([f"{number:02d}" for number in range(100)]).encode()
    cdef bytes digits = "".join([f"{number:02X}" for number in range(256)]).encode()
    memcpy(PAIRS, PyBytes_AS_STRING(pairs), 200)
    memcpy(HEX, PyBytes_AS_STRING(digits), 512)
    for place in range(128):
        ESCAPE[place] = c"u" if place < 32 else 0
    for letter, sign in zip(b'"\\\b\f\n\r\t', b'"\\bfnrt', strict=True):
        ESCAPE[<int>letter] = <uint8_t><int>sign
    return 0


fill_tables()


cdef int widen(Walk* w, Text* t, int64_t count) noexcept nogil:
    cdef int64_t length = t.at - t.data
    cdef int64_t capacity = 2 * (length + count) + 2 * TEXT_MARGIN
    cdef uint8_t* data = <uint8_t*>realloc(t.data if t.owned else NULL, capacity)
    if data is NULL:
        return stop_memory(w)
    if not t.owned:
        memcpy(data, t.data, length)
    t.data = data
    t.at = data + length
    t.limit = data + capacity - TEXT_MARGIN
    t.owned = True
    return 0


cdef inline int room(Walk* w, Text* t, int64_t count) noexcept nogil:
    """``count`` octets, and TEXT_MARGIN behind them."""
    if count > t.limit - t.at:
        return widen(w, t, count)
    return 0


cdef inline void put_sign(Text* t, uint8_t letter) noexcept nogil:
    t.at[0] = letter
    t.at += 1


cdef inline void shut_brackets(Text* t, int64_t start, uint8_t first, uint8_t last) noexcept nogil:
    """Brackets around what was written since ``start``; the first replaces the comma that each member begins with."""
    if t.at == t.data + start:
        t.at += 1
    t.data[start] = first
    put_sign(t, last)


cdef inline uint8_t* copy_piece(uint8_t* at, const uint8_t* text, int64_t length) noexcept nogil:
    """Prepared text: most has its length in one copy of a fixed size."""
    memcpy(at, text, PIECE)
    if length > PIECE:
        memcpy(at + PIECE, text + PIECE, PIECE)
    if length > 2 * PIECE:
        memcpy(at + 2 * PIECE, text + 2 * PIECE, length - 2 * PIECE)
    return at + length


cdef inline int put_piece(Walk* w, Text* t, const Piece* piece) noexcept nogil:
    if room(w, t, piece.length) < 0:
        return -1
    t.at = copy_piece(t.at, piece.text, piece.length)
    return 0


# Numbers: the value times 2**FRACTION over a power of 100 has its first two digits before the point, and each product with 100
# brings the next two there. The factors are rounded up; below 2**32 what that adds never reaches a digit.

cdef inline uint8_t* put_head(uint8_t* at, uint64_t number) noexcept nogil:
    """0 to 99."""
    if number < 10:
        at[0] = <uint8_t>(c"0" + number)
        return at + 1
    memcpy(at, &PAIRS[2 * number], 2)
    return at + 2


cdef inline uint8_t* put_next(uint8_t* at, uint64_t* scaled) noexcept nogil:
    """The two digits behind the point."""
    scaled[0] = (scaled[0] & ((<uint64_t>1 << FRACTION) - 1)) * 100
    memcpy(at, &PAIRS[2 * (scaled[0] >> FRACTION)], 2)
    return at + 2


cdef inline uint8_t* put_32(uint8_t* at, uint64_t number) noexcept nogil:
    """A number below 2**32."""
    cdef uint64_t scaled
    if number < 100:
        return put_head(at, number)
    if number < 10_000:
        scaled = number * ((<uint64_t>1 << FRACTION) / 100 + 1)
        at = put_head(at, scaled >> FRACTION)
        return put_next(at, &scaled)
    if number < 1_000_000:
        scaled = number * ((<uint64_t>1 << FRACTION) / 10_000 + 1)
        at = put_head(at, scaled >> FRACTION)
        at = put_next(at, &scaled)
        return put_next(at, &scaled)
    if number < 100_000_000:
        scaled = number * ((<uint64_t>1 << FRACTION) / 1_000_000 + 1)
        at = put_head(at, scaled >> FRACTION)
    else:
        scaled = number * ((<uint64_t>1 << FRACTION) / 100_000_000 + 1)
        at = put_head(at, scaled >> FRACTION)
        at = put_next(at, &scaled)
    at = put_next(at, &scaled)
    at = put_next(at, &scaled)
    return put_next(at, &scaled)


cdef uint8_t* put_64(uint8_t* at, uint64_t number) noexcept nogil:
    cdef int place
    if number < <uint64_t>1 << 32:
        return put_32(at, number)
    at = put_64(at, number / 100_000_000)
    number %= 100_000_000
    for place in range(6, -2, -2):
        memcpy(at + place, &PAIRS[2 * (number % 100)], 2)
        number /= 100
    return at + 8


cdef inline uint8_t* put_unsigned_at(uint8_t* at, uint64_t number) noexcept nogil:
    return put_32(at, number) if number < <uint64_t>1 << 32 else put_64(at, number)


cdef inline uint8_t* put_signed_at(uint8_t* at, int64_t number) noexcept nogil:
    cdef bint below = number < 0
    at[0] = c"-"
    return put_unsigned_at(at + below, 0 - <uint64_t>number if below else <uint64_t>number)


# Octets and letters -----------------------------------------------------------------------------------------------------

cdef void put_hex(Walk* w, Text* t, int64_t bits) noexcept nogil:
    """``bits`` bits at the cursor, which ``need`` has checked, as whole octets; there is room for them."""
    cdef int64_t count
    cdef int part
    cdef uint64_t word
    while bits > 0:
        part = <int>min(bits, 64)
        word = peek(w, part) << (64 - part)
        w.pos += part
        bits -= part
        for count in range((part + 7) >> 3):
            memcpy(t.at, &HEX[2 * (word >> 56)], 2)
            word <<= 8
            t.at += 2


cdef int64_t put_string(Walk* w, Text* t, int unit, int64_t length, int pieces, int64_t* last) noexcept nogil:
    """Hex of octets or bits whose first length was read; gives how many units there are, and where the last bit ends."""
    cdef int64_t done = 0
    last[0] = w.pos
    put_sign(t, c'"')
    while True:
        if need(w, length * unit) < 0 or room(w, t, 2 * ((length * unit + 7) >> 3)) < 0:
            return -1
        put_hex(w, t, length * unit)
        done += length
        last[0] = w.pos if length else last[0]
        if not pieces:
            put_sign(t, c'"')
            return done
        length = take_length(w, &pieces)
        if length < 0:
            return -1


cdef inline void put_letter(Text* t, uint8_t code) noexcept nogil:
    """A letter of Latin-1 within a string; six octets at most."""
    if code >= 128:
        put_sign(t, 0xC0 | code >> 6)
        put_sign(t, 0x80 | code & 0x3F)
    elif not ESCAPE[code]:
        put_sign(t, code)
    elif ESCAPE[code] != c"u":
        put_sign(t, c"\\")
        put_sign(t, ESCAPE[code])
    else:
        memcpy(t.at, b"\\u00", 4)
        memcpy(t.at + 4, &HEX[2 * code], 2)
        t.at += 6


cdef int put_letters_run(Walk* w, Text* t, int width, int64_t count) noexcept nogil:
    """Letters of ``width`` bits, 8 at most, each of which is its own code."""
    cdef int64_t place
    if need(w, width * count) < 0 or room(w, t, 6 * count) < 0:
        return -1
    for place in range(count):
        put_letter(t, <uint8_t>peek(w, width))
        w.pos += width
    return 0
