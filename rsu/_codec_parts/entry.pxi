# What Python calls: the codec of one type, and the base of rsu.Schema.

cdef bytes octets_of(object data):
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise TypeError(f"bytes, bytearray or memoryview is needed, {type(data).__name__} is given")


cdef class TypeCodec:
    """Encoder and decoder of one type."""

    cdef Program program
    cdef int32_t op
    cdef readonly str name
    cdef readonly str module

    def __init__(self, Program program, int32_t op, str name, str module):
        if not 0 <= op < program.op_count:
            raise ValueError(f"op {op} is not in this program")
        self.program = program
        self.op = op
        self.name = name
        self.module = module

    def __repr__(self):
        return f"TypeCodec({self.module}.{self.name})"

    @property
    def index(self):
        """The op that stands for the type."""
        return self.op

    def decode(self, data, bint check_constraints=False, *, bint strict=True, bint open_types=True, list findings=None,
               int64_t max_elements=10_000, int max_depth=64):
        """As :meth:`rsu.Schema.decode` for this type."""
        return self.program.decode(
            self.op, data, self.name, check_constraints, strict, open_types, findings, max_elements, max_depth
        )

    def encode(self, value, bint check_types=True, bint check_constraints=False):
        """As :meth:`rsu.Schema.encode` for this type."""
        return self.program.encode(self.op, value, self.name, check_constraints)

    def trace(self, data, *, bint strict=True, int64_t max_elements=10_000, int max_depth=64):
        """Spans ``(path, offset, bits, role, op, value)`` up to the end or the error, and that error or ``None``."""
        return self.program.trace(self.op, data, self.name, strict, max_elements, max_depth)

    def check(self, data, *, bint strict=True, int64_t max_elements=10_000, int max_depth=64):
        """As :meth:`rsu.Schema.check` for this type."""
        self.program.check(self.op, data, self.name, strict, max_elements, max_depth)

    def to_json(self, data, *, bint strict=True, int64_t max_elements=10_000, int max_depth=64):
        """As :meth:`rsu.Schema.to_json` for this type."""
        return self.program.to_json(self.op, data, self.name, strict, max_elements, max_depth)

    def from_json(self, text):
        """As :meth:`rsu.Schema.from_json` for this type."""
        return self.program.from_json(self.op, text, self.name)

    def view(self, data, *, bint strict=True, int64_t max_elements=10_000, int max_depth=64):
        """As :meth:`rsu.Schema.view` for this type."""
        return message_view(self.program, self.op, data, self.name, strict, max_elements, max_depth)

    def patch(self, data, dict changes):
        """As :meth:`rsu.Schema.patch` for this type."""
        self.program.check(self.op, data, self.name, True, 10_000, 64)
        return patched(message_view(self.program, self.op, data, self.name, True, 10_000, 64), changes)

    def template(self, data):
        """As :meth:`rsu.Schema.template` for this type."""
        self.program.check(self.op, data, self.name, True, 10_000, 64)
        return make_template(message_view(self.program, self.op, data, self.name, True, 10_000, 64))

    def plan(self, kind, messages):
        """A :class:`FieldPlan` that reads a few fields of this type's values.

        :param kind: the NamedTuple to give: message, its number, then the fields.
        :param messages: (message, path to it, path of each field below that or ``None``); a path is a list of names. The last
            alternative or row on the way to a message names and numbers it, also where the plan has no more of it.
        :raises rsu.SchemaError: for a path that the type does not have.
        """
        return make_plan(self.program, self.op, self.name, kind, list(messages))


cdef class SchemaBase:
    """The part of :class:`rsu.Schema` that is called once for each message.

    :param types: type name → :class:`TypeCodec`; a name that needs its module has ``None``.
    """

    cdef readonly dict types
    cdef object last_name  # the name that was last asked for, and its codec: mostly the next one is the same object
    cdef TypeCodec last
    cdef dict plans  # type name → FieldPlan, made when it is first asked for

    def __cinit__(self, *args, **kwargs):
        self.last_name = object()  # nobody asks for that

    def __init__(self, dict types):
        self.types = types
        self.plans = {}

    cdef inline TypeCodec _codec(self, object type_name):
        if type_name is self.last_name:
            return self.last
        return self._look_up(type_name)

    cdef TypeCodec _look_up(self, object type_name):
        cdef PyObject* found = PyDict_GetItemWithError(self.types, type_name)
        if found is NULL or <object>found is None:
            return self.find_type(type_name)
        self.last_name, self.last = type_name, <TypeCodec>found
        return <TypeCodec>found

    def find_type(self, type_name):
        """The codec of a name that the table does not answer."""
        raise KeyError(type_name)

    def decode(self, type_name, data, bint check_constraints=False, *, bint strict=True, bint open_types=True,
               list findings=None, int64_t max_elements=10_000, int max_depth=64):
        """The value that ``data`` holds.

        :param type_name: ``MessageFrame``, or ``Common.Angle`` where two modules have the name.
        :param data: bytes, bytearray or memoryview: one complete encoding.
        :param check_constraints: check what the encoding does not show as well (gaps in ranges, sizes of UTF-8 text).
        :param strict: refuse trailing octets, padding that is not zero and lengths that are not minimal; relaxed mode
            accepts them and adds a finding, and gives the octets of an open type whose content does not decode.
        :param open_types: decode open types to ``(type name, value)``; else they stay octets, as asn1tools gives them.
        :param findings: a list that gets a :class:`rsu.errors.Finding` for all that is not canonical,
            1,000 at most and one that says so.
        :param max_elements: list elements in one message.
        :param max_depth: nesting, 256 at most.
        :raises rsu.DecodeError: with path, bit offset and reason.
        """
        cdef TypeCodec codec = self._codec(type_name)
        return codec.program.decode(
            codec.op, data, codec.name, check_constraints, strict, open_types, findings, max_elements, max_depth
        )

    def encode(self, type_name, value, bint check_types=True, bint check_constraints=False):
        """The encoding of ``value``.

        :param check_types: kept for asn1tools' signature; types are always checked.
        :param check_constraints: check what the encoding does not show as well.
        :raises rsu.EncodeError: with path and reason.
        """
        cdef TypeCodec codec = self._codec(type_name)
        return codec.program.encode(codec.op, value, codec.name, check_constraints)

    def check(self, type_name, data, *, bint strict=True, int64_t max_elements=10_000, int max_depth=64):
        """Whether ``data`` decodes, without building its value and without the GIL.

        Parameters as :meth:`decode`.

        :raises rsu.DecodeError: as :meth:`decode` does.
        """
        cdef TypeCodec codec = self._codec(type_name)
        codec.program.check(codec.op, data, codec.name, strict, max_elements, max_depth)

    def to_json(self, type_name, data, *, bint strict=True, int64_t max_elements=10_000, int max_depth=64):
        """The value that ``data`` holds as JSON text (ITU-T X.697), straight from the bits.

        What :meth:`decode` would give, in UTF-8 and without white space. Absent components with a DEFAULT are written: X.697
        leaves that to the sender, and so a reader needs no schema. A BIT STRING of one size is hex, another
        ``{"value", "length"}``; an open type and CONTAINING are ``{"TypeName": value}``; octets that the schema does not know
        are hex, under ``"..."`` by their index.
        Parameters as :meth:`decode`.

        :raises rsu.DecodeError: as :meth:`decode` does, and for an INTEGER of more than 4300 digits.
        """
        cdef TypeCodec codec = self._codec(type_name)
        return codec.program.to_json(codec.op, data, codec.name, strict, max_elements, max_depth)

    def from_json(self, type_name, text):
        """The encoding of a value in JSON: what :meth:`to_json` writes, and what else X.697 allows.

        Components with a DEFAULT may be absent or there, hex may have small letters, and a BIT STRING whose root has one size
        may be hex or ``{"value", "length"}``.

        :param text: str, or UTF-8 as bytes, bytearray or memoryview.
        :raises rsu.EncodeError: with path and reason; code ``json`` for text that is no JSON or has a key twice.
        """
        cdef TypeCodec codec = self._codec(type_name)
        return codec.program.from_json(codec.op, text, codec.name)

    def view(self, type_name, data, *, bint strict=True, int64_t max_elements=10_000, int max_depth=64):
        """The message as a :class:`MessageView` that reads a field when it is asked for: ``schema.view(…).coreData.lat``.

        Nothing is read here. Bytes are kept; what may change (bytearray, memoryview) is copied. Parameters as :meth:`decode`.
        """
        cdef TypeCodec codec = self._codec(type_name)
        return message_view(codec.program, codec.op, data, codec.name, strict, max_elements, max_depth)

    def peek(self, type_name, data):
        """Which message ``data`` is, and the few fields that routing, shedding and duplicate checks need.

        One short walk that ends with the last of these fields: what stands behind it is not checked. What is not there, and all
        fields of a message that :attr:`peek_paths` does not have, is ``None``.

        :returns: a :class:`rsu.peek.Peek`.
        :raises rsu.DecodeError: for damage on the way to those fields.
        :raises rsu.SchemaError: for a type that :attr:`peek_paths` says nothing of.
        """
        cdef PyObject* found = PyDict_GetItemWithError(self.plans, type_name)
        if found is NULL:
            plan = self.plans[type_name] = self.peek_plan(type_name)
            return plan.read(data)
        return read_plan(<FieldPlan>found, data)

    def peek_plan(self, type_name):
        """The plan of a type for :meth:`peek`."""
        raise KeyError(type_name)

    def forget_plans(self):
        """Makes the plans anew when they are next asked for."""
        self.plans.clear()

    def patch(self, type_name, data, dict changes):
        """A copy of ``data`` with other values in some fields of fixed width: what encoding the changed value would give.

        Such fields are BOOLEAN, INTEGER and ENUMERATED in their root range, and strings of one size. All else, an absent
        component, one that chooses what an open type holds, and a component set to its DEFAULT need ``encode``.

        :param changes: path → value: ``{"value.BasicSafetyMessage.coreData.msgCnt": 5}``; ``participants[3].speed`` for lists.
        :raises rsu.EncodeError: for a path or value that cannot be written, with the reason.
        :raises rsu.DecodeError: when ``data`` is no whole message.
        """
        return self._codec(type_name).patch(data, changes)

    def template(self, type_name, data):
        """A :class:`Template` of ``data`` for periodic broadcast: its fields are found once and written in place."""
        return self._codec(type_name).template(data)
