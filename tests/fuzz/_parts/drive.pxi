# The driver: draws a seed, changes it, hands it to the checked calls of its type, and counts.
#
# Laws, each of which a fault names: `error`: no call raises anything but DecodeError; `offset`: an error lies inside the input;
# `encode`: what was decoded can be encoded; `changed`: to the same octets, unless a DEFAULT was written out, which strict
# decoding reports; `outcome`: a checked call accepts what decoding accepts, and else raises the same code, path and offset;
# `result`: what it gives agrees with the decoded value.

cdef enum:
    FLOOR_NS = 20_000    # calls below this are not worth a second look
    AGAIN = 3            # runs of a slow call, of which the least counts: the other runs had the machine's noise
    SUSPECT_NS = 4_000_000
    MANY = 25            # runs of a call that takes so long, since the machine may be busy for longer than AGAIN of them
    GROWN = 1024         # accepted inputs that are seeds themselves; the next one takes a random one's place
    GROW_EVERY = 512
    TRIM_EVERY = 2
    GROWN_OCTETS = 4096  # of such a seed, so that a run does not drift to the largest inputs
    MAX_FAULTS = 20
    WHEEL = 4096         # sum of the weights of the groups
    SHORTER = 4          # of so many inputs all but one begin as the shorter of two seeds: what is short is checked sooner
    BURST = 8            # inputs made one after another of the same seed, and given to the same calls
    HEAD = 16            # octets before an input in the file of the last one: target, length


cdef inline int64_t wall_ns() noexcept nogil:
    cdef timespec t
    clock_gettime(CLOCK_MONOTONIC, &t)
    return 1_000_000_000 * t.tv_sec + t.tv_nsec


cdef inline int64_t cpu_ns() noexcept nogil:
    cdef timespec t
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)
    return 1_000_000_000 * t.tv_sec + t.tv_nsec


cpdef int64_t least_cpu_ns(object call, object argument, int runs):
    """CPU time of the quickest of some runs of a call, errors of the codec included."""
    cdef int64_t least = -1, spent
    for _ in range(runs):
        spent = cpu_ns()
        try:
            call(argument)
        except RsuError:
            pass
        spent = cpu_ns() - spent
        if least < 0 or spent < least:
            least = spent
    return least


cdef struct Row:
    int64_t inputs, accepted, refused, findings, octets


cdef class Fuzzer:
    """One run.

    :param number: of the run: all else being equal, it decides every input.
    :param groups: (weight, seeds) for each kind of seed.
    :param targets: of :attr:`Seed.target`.
    :param places: how many places the seeds' fields have.
    :param rows: how many rows the counts have.
    :param trace: (target, octets) → fields, to make a seed of an accepted input.
    :param last: a writable buffer that always has the input under test, for when the process dies of it.
    """

    cdef Dice dice
    cdef Draft draft
    cdef uint8_t* room
    cdef list groups, seeds, grown, targets, due
    cdef int64_t weights, number, left
    cdef Seed seed
    cdef int32_t[WHEEL] wheel
    cdef Places places
    cdef object trace
    cdef uint8_t[::1] last
    cdef Row* rows
    cdef int row_count
    cdef int64_t[CLOCKS] worst
    cdef readonly list worst_input, faults
    cdef readonly dict codes

    def __cinit__(self, int64_t number, list groups, list targets, int places, int rows, trace, uint8_t[::1] last):
        self.dice.state = <uint64_t>number * <uint64_t>0xD1342543DE82EF95ULL
        self.room = <uint8_t*>PyMem_Calloc(2, CAPACITY + SLACK)
        self.rows = <Row*>PyMem_Calloc(rows, sizeof(Row))
        if not self.room or not self.rows:
            raise MemoryError()
        self.draft.octets, self.draft.spare = self.room, self.room + CAPACITY + SLACK
        self.row_count = rows
        self.grown, self.faults, self.codes, self.due = [], [], {}, []
        self.worst_input = [None] * CLOCKS
        self.targets, self.trace, self.last = targets, trace, last
        self._load(groups, places)

    cdef int _load(self, list groups, int places) except -1:
        cdef int64_t weight
        self.groups = []
        self.seeds = []
        if sum([weight for weight, _ in groups]) > WHEEL:
            raise ValueError(f"weights: their sum must be at most {WHEEL}")
        for weight, seeds in groups:
            for _ in range(weight):
                self.wheel[self.weights] = len(self.groups)
                self.weights += 1
            self.groups.append(seeds if seeds is not None else self.grown)
            self.seeds.extend(seeds or ())
        self.places = Places(self.seeds, places)
        return 0

    def __dealloc__(self):
        PyMem_Free(self.room)
        PyMem_Free(self.rows)

    cdef Seed _draw(self):
        """A seed, for BURST inputs: what is looked up for the first of them is at hand for the others."""
        if self.left == 0:
            self.seed = self._draw_seed()
            self.left = BURST
            self._choose(<Target>self.targets[self.seed.target])
        self.left -= 1
        return self.seed

    cdef int _choose(self, Target target) except -1:
        """Draws the calls that the next inputs get."""
        self.due = []
        for check in target.checks:
            if roll(&self.dice) <= (<Check>check).limit:
                self.due.append(check)
        return 0

    cdef Seed _draw_seed(self):
        cdef list group = <list>self.groups[self.wheel[below(&self.dice, self.weights)]]
        if len(group) == 0:
            group = self.seeds
        cdef Seed seed = <Seed>group[below(&self.dice, len(group))]
        cdef Seed other
        if below(&self.dice, SHORTER) != 0:
            other = <Seed>group[below(&self.dice, len(group))]
            if PyBytes_GET_SIZE(other.data) < PyBytes_GET_SIZE(seed.data):
                return other
        return seed

    cdef bytes _make(self, Seed seed):
        mutate(&self.draft, &self.dice, seed, self.seeds, self.places)
        return finish(&self.draft, &self.dice)

    def generate(self, int64_t count):
        """Makes inputs and hands them to nobody; gives the number of octets."""
        cdef int64_t octets = 0
        for _ in range(count):
            octets += PyBytes_GET_SIZE(self._make(self._draw()))
        return octets

    def next_input(self):
        """(target, octets) of one input."""
        cdef Seed seed = self._draw()
        return self.targets[seed.target], self._make(seed)

    def run(self, int64_t count):
        """Makes and checks inputs until so many are done or MAX_FAULTS are found."""
        cdef Seed seed
        cdef bytes data
        for _ in range(count):
            seed = self._draw()
            data = self._make(seed)
            self._note(seed.target, data)
            self._check(<Target>self.targets[seed.target], seed.target, data)
            self.number += 1
            if len(self.faults) >= MAX_FAULTS:
                return

    def check(self, int target, bytes data):
        """Checks one given input."""
        self._choose(<Target>self.targets[target])
        self._note(target, data)
        self._check(<Target>self.targets[target], target, data)

    cdef int _note(self, int64_t target, bytes data) except -1:
        cdef int64_t size = PyBytes_GET_SIZE(data)
        if self.last is None or size + HEAD > self.last.shape[0]:
            return 0
        memcpy(&self.last[0], &target, 8)
        memcpy(&self.last[8], &size, 8)
        memcpy(&self.last[HEAD], PyBytes_AS_STRING(data), size)
        return 0

    cdef int _check(self, Target target, int number, bytes data) except -1:
        cdef Row* row = &self.rows[target.row]
        cdef int64_t spent = wall_ns()
        cdef PyObject* error
        row.inputs += 1
        row.octets += PyBytes_GET_SIZE(data)
        value = outcome(target.decode, data, &error)
        spent = wall_ns() - spent
        refusal = taken(error)
        if refusal is not None and not is_refusal(refusal):
            return self._fault(target, data, "error", "decode", repr(refusal))
        self._clock(DECODE_CLOCK, target.decode, data, spent, target, data)
        if refusal is None:
            row.accepted += 1
            self._check_back(target, data, value, row)
            if self.trace is not None and below(&self.dice, GROW_EVERY) == 0:
                self._grow(number, data)
        else:
            row.refused += 1
            self.codes[refusal.code] = self.codes.get(refusal.code, 0) + 1
            if not 0 <= refusal.offset <= 8 * PyBytes_GET_SIZE(data):
                self._fault(target, data, "offset", "decode", str(refusal))
            elif refusal.code == "trailing" and below(&self.dice, TRIM_EVERY) == 0:
                self._check_trimmed(target, number, data, refusal.offset)
        for check in self.due:
            self._check_call(target, data, value, refusal, <Check>check)
        return 0

    cdef int _check_trimmed(self, Target target, int number, bytes data, int64_t bits) except -1:
        """The same without what is behind the value: most changes move the end, and would else say nothing of the value."""
        cdef int64_t octets = (bits + 7) >> 3
        cdef int spare = <int>(-bits & 7)
        if octets >= PyBytes_GET_SIZE(data):
            return 0
        if spare:
            data = data[:octets - 1] + bytes([data[octets - 1] >> spare << spare])
        else:
            data = data[:octets]
        self._note(number, data)
        return self._check(target, number, data)

    cdef int _check_back(self, Target target, bytes data, object value, Row* row) except -1:
        cdef int64_t spent = wall_ns()
        cdef list findings = []
        try:
            back = target.encode(value)
        except Exception as error:
            return self._fault(target, data, "encode", "encode", repr(error))
        self._clock(ENCODE_CLOCK, target.encode, value, wall_ns() - spent, target, data)
        if back == data:
            return 0
        target.decode(data, findings=findings)
        if not findings:
            return self._fault(target, data, "changed", "encode", f"gives {back.hex()}")
        row.findings += 1
        return 0

    cdef int _check_call(self, Target target, bytes data, object value, object refusal, Check check) except -1:
        cdef int64_t spent = 0
        cdef PyObject* error = NULL
        argument = data
        result = None
        if check.prepare is not None:
            argument = outcome(check.prepare, data, &error)
        if error is NULL:
            spent = wall_ns()
            result = outcome(check.call, argument, &error)
            spent = wall_ns() - spent
        other = taken(error)
        if other is not None and not is_refusal(other):
            detail = repr(other) if argument is data else f"{other!r} of {argument!r}"
            return self._fault(target, data, "error", check.name, detail)
        if check.timed:
            self._clock(check.clock, check.call, argument, spent, target, data)
        if other is not None and check.excuse and check.excuse in other.reason:
            return 0
        if refusal is not None:
            if not agrees(check.verdict, refusal, other):
                return self._fault(target, data, "outcome", check.name, f"decode: {refusal}; {check.name}: {other}")
        elif other is not None:
            return self._fault(target, data, "outcome", check.name, f"decode accepts; {check.name}: {other}")
        elif check.agree is not None:
            wrong = check.agree(data, value, result)
            if wrong:
                return self._fault(target, data, "result", check.name, wrong)
        return 0

    cdef int _clock(self, int clock, object call, object argument, int64_t spent, Target target, bytes data) except -1:
        """Notes the worst call. Wall time is never less than CPU time, so a call that was quick by the wall was quick."""
        if spent <= FLOOR_NS or spent <= self.worst[clock]:
            return 0
        spent = least_cpu_ns(call, argument, AGAIN)
        if spent > SUSPECT_NS:
            spent = least_cpu_ns(call, argument, MANY)
        if spent > self.worst[clock]:
            self.worst[clock] = spent
            self.worst_input[clock] = target.standard, target.type_name, data
        return 0

    cdef int _grow(self, int number, bytes data) except -1:
        if PyBytes_GET_SIZE(data) > GROWN_OCTETS:
            return 0
        seed = Seed(number, data, self.trace(number, data))
        if len(self.grown) < GROWN:
            self.grown.append(seed)
        else:
            self.grown[below(&self.dice, GROWN)] = seed
        return 0

    cdef int _fault(self, Target target, bytes data, str law, str call, str detail) except -1:
        """One fault for each law, call and type: a bug shows itself in many inputs."""
        for known in self.faults:
            if (known["law"], known["call"], known["type"]) == (law, call, target.type_name):
                return 0
        self.faults.append({
            "law": law, "call": call, "standard": target.standard, "type": target.type_name, "hex": data.hex(),
            "input": self.number, "detail": detail,
        })
        return 0

    @property
    def counts(self):
        """For each row: inputs, accepted, refused, accepted with findings, octets."""
        cdef int place
        cdef Row* row
        found = []
        for place in range(self.row_count):
            row = &self.rows[place]
            found.append((row.inputs, row.accepted, row.refused, row.findings, row.octets))
        return found

    @property
    def worst_ns(self):
        """For each clock the CPU time of its worst call; 0 where none was above FLOOR_NS."""
        return [self.worst[place] for place in range(CLOCKS)]


cdef inline bint is_refusal(object error):
    return type(error) is DecodeError


cdef bint agrees(int verdict, object refusal, object other):
    """Whether what another reader says of a refused input, an error or None, is what its row allows."""
    if verdict == OWN or (verdict == SEES_LESS and other is None):
        return True
    if other is None or refusal.code != other.code:
        return False
    return verdict == CODE or (refusal.offset == other.offset and refusal.path == other.path)
