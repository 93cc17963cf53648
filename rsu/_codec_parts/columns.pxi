# Walking a message along a plan, without the GIL: what is projected goes to cells, the rest is skipped with the same checks.

cdef int walk_message(Walk* w, Plan plan, Rows* r, int64_t message) noexcept nogil:
    """One message → its rows. A message that does not decode is one row of nothing; gives the reason, -1 for no memory."""
    cdef int64_t first = r.used
    cdef int column, why = KEPT
    w.fault = NO_FAULT
    r.level = 0
    if new_row(w, r, message) < 0:
        return -1
    if run_step(w, plan, r, &plan.steps[plan.nodes[0].first], NULL) < 0 or (
        (w.pos != w.end or w.pos == 0) and close_window(w, 0, False) < 0
    ):
        why = reason_of(w)
        if why < 0:
            return -1
        clear_rows(plan, r, first)
        r.used = first
        new_row(w, r, message)
        for column in range(r.count):
            set_why(r, column, why)
    elif r.used > first + 1:
        spread(r, 0, first, r.used)
    return why


cdef int reason_of(Walk* w) noexcept nogil:
    """The reason that stands for the fault, in cells; -1 where it is not the message's."""
    if w.fault == RAISED:
        return raised_reason(w)
    return fault_reasons[w.fault]


cdef int raised_reason(Walk* w) noexcept with gil:
    if not isinstance(<object>w.error, DecodeError):
        return -1
    number = REASON_NUMBERS.get((<object>w.error).code, FIRST_FAULT)
    drop_fault(w)
    return number


cdef int run_step(Walk* w, Plan plan, Rows* r, Step* step, Keys* keys) noexcept nogil:
    """One step that is not of a fixed width."""
    cdef int code = step.code
    if code == SKIP_VALUE:
        return skip_op(w, step.op)
    elif code == CELL:
        return fill_cell(w, r, step)
    elif code == KEY_VALUE:
        return run_key(w, r, step, keys)
    elif code == DOWN_TABLE:
        return run_table(w, plan, r, step, keys)
    elif code == DOWN_SEQUENCE:
        return run_sequence(w, plan, r, step)
    elif code == DOWN:
        return run_node(w, plan, r, step)
    return run_fixed(w, r, step)


cdef int run_key(Walk* w, Rows* r, Step* step, Keys* keys) noexcept nogil:
    cdef uint64_t offset
    cdef int64_t number
    cdef Op* op = &w.ops[step.op]
    if op.code != INT or op.flags & EXT:
        return key_in_python(w, r, step, keys)
    if take_offset(w, op, &offset) < 0:
        return -1
    number = <int64_t>(<uint64_t>op.lo + offset)
    if number >= 0 or not op.flags & UNSIGNED:  # no row has an id that large
        add_key(keys, step.name, number)
    if step.column >= 0:
        put_number(r, step.column, number)
    return 0


cdef int run_table(Walk* w, Plan plan, Rows* r, Step* step, Keys* keys) noexcept nogil:
    cdef Op* op = &w.ops[step.op]
    cdef Row* row = row_of(w, op, keys)
    cdef Step* inner
    cdef Window window
    cdef int slot
    if row is NULL:
        if step.column >= 0:
            set_why(r, step.column, UNKNOWN)
        return skip_raw(w)
    if step.column >= 0:
        put_number(r, step.column, row - w.rows - op.c)
    inner = find_step(plan, &plan.nodes[step.node], row.name)
    if inner is NULL:
        return skip_table(w, op, row)
    slot = enter(w)
    if slot < 0 or open_window(w, &window, slot, row.name) < 0:
        return -1
    if (run_sequence(w, plan, r, inner) if inner.code == DOWN_SEQUENCE else run_step(w, plan, r, inner, NULL)) < 0:
        return abandon_window(w, &window)
    w.depth = slot
    return shut_window(w, &window)


cdef inline Step* find_step(Plan plan, Node* node, int32_t place) noexcept nogil:
    """The step of an alternative or row, or NULL where nothing of it is kept."""
    cdef Step* step = &plan.steps[node.first]
    cdef Step* last = step + node.count
    while step < last:
        if step.place == place:
            return step
        step += 1
    return NULL


# Containers ------------------------------------------------------------------------------------------------------------

cdef int run_node(Walk* w, Plan plan, Rows* r, Step* step) noexcept nogil:
    cdef Node* node = &plan.nodes[step.node]
    cdef Op* op = &w.ops[node.op]
    if op.code == CHOICE:
        return run_choice(w, plan, r, node, op, step.column)
    elif op.code == LIST:
        return run_list(w, plan, r, node, op, step.column)
    return run_contents(w, plan, r, node, op, step.column)


cdef int run_sequence(Walk* w, Plan plan, Rows* r, Step* step) noexcept nogil:
    cdef Node* node = &plan.nodes[step.node]
    cdef Op* op = &w.ops[node.op]
    cdef int slot = enter(w)
    cdef int more = 0
    cdef Keys keys
    keys.count = 0
    if slot < 0:
        return -1
    if step.column >= 0:
        put_number(r, step.column, 1)
    if op.flags & EXT:
        more = take_bit(w)
        if more < 0:
            return -1
    if run_components(w, plan, r, node, op, &keys) < 0:
        return -1
    if (more or node.more) and run_additions(w, plan, r, node, op, more, &keys) < 0:
        return -1
    w.depth = slot
    return 0


cdef inline int64_t run_components(Walk* w, Plan plan, Rows* r, Node* node, Op* op, Keys* keys) noexcept nogil:
    """Presence bits and root components; gives how many optional ones were there, and one for those that must be."""
    cdef Step* step = &plan.steps[node.first]
    cdef Step* last = step + node.count
    cdef int64_t presence = w.pos, found = 0
    if w.depth + node.deep > w.max_depth:  # SEQUENCEs that were drawn into this one take no place: say which fault is first
        return skip_members(w, op, w.depth - 1, keys)
    if need(w, op.d) < 0:
        return -1
    w.pos += op.d
    while step < last:
        if step.presence >= 0 and not bit_at(w.data, presence + step.presence):
            if step.fill >= 0:
                fill_defaults_of(plan, r, step, keys)
                found += 1
            step += 1
            continue
        found += 1
        if step.code == RUN:
            if run_straight(w, plan, r, step) < 0:
                return -1
            step += step.node
        elif run_component(w, plan, r, step, keys) < 0:
            return -1
        step += 1
    return found


cdef inline int run_component(Walk* w, Plan plan, Rows* r, Step* step, Keys* keys) noexcept nogil:
    """As :c:func:`run_step`, the commonest steps by the short way."""
    if step.code == KEY_VALUE:
        return run_key(w, r, step, keys)
    if step.code == DOWN_TABLE:
        return run_table(w, plan, r, step, keys)
    if step.code == SKIP_VALUE:
        return skip_op(w, step.op)
    return run_step(w, plan, r, step, keys)


cdef int run_additions(Walk* w, Plan plan, Rows* r, Node* node, Op* op, bint more, Keys* keys) noexcept nogil:
    """What a newer edition added: if the message has ``more``, and what stands for the rest."""
    cdef Bitmap bitmap
    cdef int result
    if not more:
        fill_additions(plan, r, node, NULL)
        return 0
    result = take_bitmap(w, &bitmap, op.c)
    w.path[w.depth - 1] = NO_NAME
    if result == 0:
        result = walk_additions(w, plan, r, node, op, &bitmap, keys)
    if result == 0:
        fill_additions(plan, r, node, &bitmap)
    free(bitmap.copy)
    return result


cdef int walk_additions(Walk* w, Plan plan, Rows* r, Node* node, Op* op, Bitmap* bitmap, Keys* keys) noexcept nogil:
    cdef int64_t place
    cdef Step* step
    cdef int result, slot = w.depth - 1
    for place in range(bitmap.count):
        if not announced(bitmap, place):
            continue
        step = addition_step(plan, node, place)
        if step is not NULL:
            result = run_addition(w, plan, r, step, slot, keys)
        elif place < op.c:
            result = skip_addition(w, &w.members[op.a + op.b + place], slot, keys)
        else:
            result = skip_raw(w)
        if result < 0:
            return -1
    return 0


cdef Step* addition_step(Plan plan, Node* node, int64_t place) noexcept nogil:
    cdef Step* step = &plan.steps[node.first + node.count]
    cdef Step* last = step + node.more
    while step < last:
        if step.place == place:
            return step
        step += 1
    return NULL


cdef int run_addition(Walk* w, Plan plan, Rows* r, Step* step, int slot, Keys* keys) noexcept nogil:
    cdef Window window
    cdef Node* node
    cdef int64_t found
    if open_window(w, &window, slot, NO_NAME) < 0:
        return -1
    if step.code == DOWN and w.ops[plan.nodes[step.node].op].code == GROUP:
        node = &plan.nodes[step.node]
        found = run_components(w, plan, r, node, &w.ops[node.op], keys)
        if found == 0:
            found = complain(w, EMPTY_GROUP, 0, 0)
    else:
        found = run_step(w, plan, r, step, keys)
    return shut_window(w, &window) if found >= 0 else abandon_window(w, &window)


cdef int run_choice(Walk* w, Plan plan, Rows* r, Node* node, Op* op, int column) noexcept nogil:
    cdef bint beyond = False
    cdef int64_t place
    cdef Step* step
    cdef Member* member
    cdef Window window
    cdef int result, slot = enter(w)
    if slot < 0:
        return -1
    place = take_place(w, op, &beyond)
    if place < 0:
        return -1
    if column >= 0 and beyond:
        set_why(r, column, UNKNOWN)
    elif column >= 0:
        put_number(r, column, place)
    member = &w.members[op.a + place]
    step = find_step(plan, node, <int32_t>place) if not beyond else NULL
    if beyond:
        result = skip_raw(w)
    elif place >= op.b and step is NULL:
        result = skip_window(w, member.op, slot, member.name)
    elif step is NULL:
        result = skip_op(w, member.op)
    elif place < op.b:
        result = run_step(w, plan, r, step, NULL)
    else:
        result = open_window(w, &window, slot, member.name)
        if result == 0:
            result = run_step(w, plan, r, step, NULL)
            result = shut_window(w, &window) if result == 0 else abandon_window(w, &window)
    w.depth = slot if result == 0 else w.depth
    return result


cdef int run_list(Walk* w, Plan plan, Rows* r, Node* node, Op* op, int column) noexcept nogil:
    """Elements, each a row of its own where something of them is kept."""
    cdef int pieces, slot, level = r.level
    cdef int64_t done = 0, place, first, count = take_count(w, op, &pieces)
    cdef int64_t outer = r.row
    if count < 0:
        return -1
    slot = enter(w)
    if slot < 0:
        return -1
    while True:
        if afford(w, op.a, count) < 0:
            return -1
        for place in range(count):
            w.path[slot] = <int32_t>(-1 - done - place)
            if node.count == 0:
                if skip_op(w, op.a) < 0:
                    return -1
                continue
            if done + place > 0 and new_row(w, r, r.message[r.row]) < 0:
                return -1
            first = r.row
            r.level = level + 1
            r.element[first * (r.levels - 1) + level] = <int32_t>(done + place)
            if run_step(w, plan, r, &plan.steps[node.first], NULL) < 0:
                return -1
            if r.used > first + 1:
                spread(r, level + 1, first, r.used)
        done += count
        if not pieces:
            break
        count = take_length(w, &pieces)
        if count < 0:
            return -1
    if check_total(w, op, done) < 0:
        return -1
    w.depth = slot
    r.level = level
    r.row = outer
    if column >= 0:
        put_number(r, column, done)
    return 0


cdef int run_contents(Walk* w, Plan plan, Rows* r, Node* node, Op* op, int column) noexcept nogil:
    cdef Window window
    cdef int slot = open_contents(w, &window, op)
    if slot < 0:
        return -1
    if column >= 0:
        put_number(r, column, 1)
    if run_step(w, plan, r, &plan.steps[node.first], NULL) < 0:
        return abandon_window(w, &window)
    w.depth = slot
    return shut_window(w, &window)
