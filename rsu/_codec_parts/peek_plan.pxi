# Paths made into a plan of fields: names become places in the tables, once for a type.

cdef class PlanNode:
    """A step while the tree is still growing."""

    cdef int32_t op, field, message
    cdef bint identifies
    cdef dict inner  # place → PlanNode

    def __init__(self, int32_t op):
        self.op = op
        self.field = self.message = -1
        self.inner = {}


cdef FieldPlan make_plan(Program program, int32_t op, object type_name, object kind, list messages):
    """See :meth:`TypeCodec.plan`."""
    cdef FieldPlan plan = FieldPlan.__new__(FieldPlan)
    cdef PlanNode top = PlanNode(op), node
    cdef int field
    plan.program, plan.op, plan.type_name, plan.kind = program, op, type_name, kind
    plan.names = [name for name, _, _ in messages]
    plan.field_count = <int>len(kind._fields) - 2
    if not 0 <= plan.field_count <= MAX_FIELDS or not issubclass(kind, tuple):
        raise SchemaError(f"a plan has {MAX_FIELDS} fields at most")
    for number, (name, at, paths) in enumerate(messages):
        node = plan_path(program, top, at, True)
        node.message = number
        for field in range(plan.field_count):
            if paths[field] is not None:
                plan_field(program, node, paths[field]).field = field
    freeze(plan, top)
    return plan


cdef PlanNode plan_field(Program program, PlanNode node, list path):
    node = plan_path(program, node, path, False)
    if program.ops[node.op].code in (SEQUENCE, CHOICE, LIST, TABLE, OCTCON, BITCON):
        raise SchemaError(f"path {'.'.join(path)}: a field without members is needed here")
    return node


cdef PlanNode plan_path(Program program, PlanNode node, list path, bint identifies):
    """Walks down from a node and makes what is missing."""
    cdef PlanNode inner
    for name in path:
        place, op = plan_place(program, node.op, name, path)
        if identifies and program.ops[node.op].code in (CHOICE, TABLE):
            node.identifies = True
        inner = node.inner.get(place)
        if inner is None:
            inner = node.inner[place] = PlanNode(op)
        node = inner
    return node


cdef tuple plan_place(Program program, int32_t index, object name, list path):
    """The place and op of a name within an op."""
    cdef Op* op = &program.ops[index]
    cdef Layout layout
    cdef int32_t place
    if op.code == TABLE:
        for place in range(op.c, op.c + op.d):
            if program.name_list[program.rows[place].name] == name:
                return place, program.rows[place].op
    elif op.code == SEQUENCE or op.code == CHOICE:
        layout = program.layout(index)
        place = layout.places.get(name, -1)
        if place >= 0 and layout.names[place] == name and (op.code == CHOICE or layout.entries[place] < op.b):
            return place, program.members[layout.members[place]].op
        if place >= 0:
            raise SchemaError(f"path {'.'.join(path)}: {name} is an extension addition; only root components are planned")
    raise SchemaError(f"path {'.'.join(path)}: there is no {name} here")


cdef int freeze(FieldPlan plan, PlanNode top) except -1:
    """The tree as one table, the steps within a step side by side."""
    cdef list nodes = [(0, top)]
    cdef Py_ssize_t place = 0
    cdef PlanNode node
    while place < len(nodes):
        node = nodes[place][1]
        nodes += sorted(node.inner.items(), key=step_order)
        place += 1
    plan.steps = <PeekStep*>PyMem_Malloc(len(nodes) * sizeof(PeekStep))
    plan.name_items = <PyObject**>PyMem_Malloc((len(plan.names) + 1) * sizeof(PyObject*))
    if not plan.steps or not plan.name_items:
        raise MemoryError()
    for place in range(len(plan.names)):
        plan.name_items[place] = <PyObject*>plan.names[place]
    first = 1
    for place in range(len(nodes)):
        node = nodes[place][1]
        plan.steps[place].place = nodes[place][0]
        plan.steps[place].first, plan.steps[place].count = first, len(node.inner)
        plan.steps[place].field, plan.steps[place].message = node.field, node.message
        plan.steps[place].identifies = node.identifies
        first += len(node.inner)
    return 0


def step_order(item):
    return item[0]
