/* Prints what a roadside unit hears, from its bus, and what this reader missed.
 *
 *   cc -O2 -o subscribe subscribe.c -lzmq
 *   ./subscribe [-k DIR] [-n NAME] [-c RECORDS] ENDPOINT [TOPIC ...]
 *
 * ENDPOINT is ipc://PATH or tcp://HOST:PORT; topics are prefixes, "raw." where none is given. -k is a folder of keys for tcp://
 * with server.key of the unit and NAME.key_secret of our own (`rsu keys make DIR NAME`; NAME is "client" where -n does not
 * say it). -c ends after so many records. A line a record: topic, number of the frame, sequence, source, octets in hex;
 * or "missed COUNT TOPIC", or "restarted TOPIC" when the unit's engine began to number again.
 *
 * docs/pipeline.md describes the frames. Needs libzmq alone: what is read of MessagePack stands below.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

enum { TOPICS_MAX = 256, TOPIC_OCTETS_MAX = 255, PATH_OCTETS_MAX = 4096, KEY_CHARACTERS = 40, VIEWS_WAITING_MAX = 4096 };
static const int64_t FRAME_OCTETS_MAX = 16777216;

static void stop(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("subscribe: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

/* MessagePack ------------------------------------------------------------------------------------------------------- */

typedef struct {
    const uint8_t *at, *end;
} Reader;

typedef enum { NIL, BOOL, NUMBER, NEGATIVE, REAL, TEXT, OCTETS, ARRAY, MAP, EXTENSION } Kind;

/* One value; of an array or a map its count only, for the members follow. */
typedef struct {
    Kind kind;
    uint64_t number;       /* NUMBER, and the count of ARRAY and MAP */
    const uint8_t *octets; /* TEXT, OCTETS: not ended by a NUL */
    size_t length;
} Value;

static size_t rest(const Reader *reader) { return (size_t)(reader->end - reader->at); }

static int take_number(Reader *reader, unsigned octets, uint64_t *number) {
    if (rest(reader) < octets) return 0;
    *number = 0;
    while (octets--) *number = *number << 8 | *reader->at++;
    return 1;
}

static int take_octets(Reader *reader, Value *value, Kind kind, uint64_t length) {
    if (length > rest(reader)) return 0;
    value->kind = kind;
    value->octets = reader->at;
    value->length = (size_t)length;
    reader->at += length;
    return 1;
}

static int counted(Value *value, Kind kind, uint64_t count) {
    value->kind = kind;
    value->number = count;
    return 1;
}

/* The values whose first octet says how many octets a number or a length has; 0xc0 to 0xdf. */
static int next_long(Reader *reader, Value *value, uint8_t first) {
    static const uint8_t fixed[] = {1, 2, 4, 8, 16};
    uint64_t length = 0;
    switch (first) {
    case 0xc0: value->kind = NIL; return 1;
    case 0xc2: case 0xc3: value->kind = BOOL; value->number = first & 1; return 1;
    case 0xc4: case 0xc5: case 0xc6:
        return take_number(reader, 1u << (first - 0xc4), &length) && take_octets(reader, value, OCTETS, length);
    case 0xc7: case 0xc8: case 0xc9:
        return take_number(reader, 1u << (first - 0xc7), &length) && take_octets(reader, value, EXTENSION, length + 1);
    case 0xca: case 0xcb: return take_octets(reader, value, REAL, first == 0xca ? 4 : 8);
    case 0xcc: case 0xcd: case 0xce: case 0xcf:
        value->kind = NUMBER;
        return take_number(reader, 1u << (first - 0xcc), &value->number);
    case 0xd0: case 0xd1: case 0xd2: case 0xd3: return take_octets(reader, value, NEGATIVE, 1u << (first - 0xd0));
    case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8:
        return take_octets(reader, value, EXTENSION, fixed[first - 0xd4] + 1);
    case 0xd9: case 0xda: case 0xdb:
        return take_number(reader, 1u << (first - 0xd9), &length) && take_octets(reader, value, TEXT, length);
    case 0xdc: case 0xdd: return take_number(reader, first == 0xdc ? 2 : 4, &length) && counted(value, ARRAY, length);
    case 0xde: case 0xdf: return take_number(reader, first == 0xde ? 2 : 4, &length) && counted(value, MAP, length);
    default: return 0;
    }
}

static int next(Reader *reader, Value *value) {
    if (!rest(reader)) return 0;
    uint8_t first = *reader->at++;
    if (first < 0x80) return counted(value, NUMBER, first);
    if (first < 0x90) return counted(value, MAP, first & 15);
    if (first < 0xa0) return counted(value, ARRAY, first & 15);
    if (first < 0xc0) return take_octets(reader, value, TEXT, first & 31);
    if (first < 0xe0) return next_long(reader, value, first);
    value->kind = NEGATIVE;
    return 1;
}

/* Passes over one value with all that is in it. Each one needs an octet at least, which bounds the loop. */
static int skip(Reader *reader) {
    for (uint64_t left = 1; left; left--) {
        Value value;
        if (left > rest(reader) || !next(reader, &value)) return 0;
        if (value.kind == ARRAY) left += value.number;
        if (value.kind == MAP) left += 2 * value.number;
    }
    return 1;
}

static int is(const Value *value, const char *text) {
    return value->kind == TEXT && value->length == strlen(text) && !memcmp(value->octets, text, value->length);
}

/* The value of a key in a map that begins at `map`; the maps of the bus are small, and their keys in no order. */
static int look_up(Reader map, const char *name, Reader *found) {
    Value head, key;
    if (!next(&map, &head) || head.kind != MAP) return 0;
    for (uint64_t left = head.number; left; left--) {
        if (!next(&map, &key)) return 0;
        if (is(&key, name)) return *found = map, 1;
        if (!skip(&map)) return 0;
    }
    return 0;
}

static int value_of(Reader map, const char *name, Kind kind, Value *value) {
    Reader found;
    return look_up(map, name, &found) && next(&found, value) && value->kind == kind;
}

/* Numbers of the frames: a gap is what was missed ------------------------------------------------------------------- */

static struct {
    char topic[TOPIC_OCTETS_MAX + 1];
    uint64_t number;
} last[TOPICS_MAX];
static int topics;

static void tell_gap(const char *topic, uint64_t number) {
    int place = 0;
    while (place < topics && strcmp(last[place].topic, topic)) place++;
    if (place == TOPICS_MAX) return;
    if (place == topics) {
        strcpy(last[topics++].topic, topic);
    } else if (number > last[place].number + 1) {
        printf("missed %" PRIu64 " %s\n", number - last[place].number - 1, topic);
    } else if (number <= last[place].number) {
        printf("restarted %s\n", topic);
    }
    last[place].number = number;
}

/* Prints a view; gives the number of records in it, or -1 where it is none. */
static long show(const char *topic, Reader frame) {
    Value kind, number, version, items, sequence, source, raw;
    Reader members, whole = frame;
    if (!skip(&whole) || rest(&whole)) return -1;
    if (!value_of(frame, "kind", TEXT, &kind) || !is(&kind, "view")) return -1;
    if (value_of(frame, "v", NUMBER, &version) && version.number != 1) return -1; /* left out where it is 1 */
    if (!value_of(frame, "number", NUMBER, &number)) return -1;
    if (!look_up(frame, "items", &members) || !next(&members, &items) || items.kind != ARRAY) return -1;
    tell_gap(topic, number.number);
    for (uint64_t left = items.number; left; left--) {
        if (!value_of(members, "sequence", NUMBER, &sequence) || !value_of(members, "source", TEXT, &source)) return -1;
        printf("%s %" PRIu64 " %" PRIu64 " %.*s ", topic, number.number, sequence.number, (int)source.length, source.octets);
        if (value_of(members, "raw", OCTETS, &raw)) /* a duplicate has none */
            for (size_t place = 0; place < raw.length; place++) printf("%02x", raw.octets[place]);
        putchar('\n');
        if (!skip(&members)) return -1;
    }
    fflush(stdout);
    return (long)items.number;
}

/* ZeroMQ ------------------------------------------------------------------------------------------------------------ */

/* A key of a ZeroMQ certificate: `public-key = "40 characters"`. */
static void read_key(const char *folder, const char *file, const char *name, char key[KEY_CHARACTERS + 1]) {
    char path[PATH_OCTETS_MAX], line[256], wanted[64];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    snprintf(wanted, sizeof wanted, " %s = \"%%40[^\"]\"", name);
    FILE *opened = fopen(path, "r");
    if (!opened) stop("%s: %s; keys are made by `rsu keys make`", path, strerror(errno));
    key[0] = 0;
    while (fgets(line, sizeof line, opened) && sscanf(line, wanted, key) != 1) continue;
    fclose(opened);
    if (strlen(key) != KEY_CHARACTERS) stop("%s: has no %s", path, name);
}

static void set_keys(void *socket, const char *folder, const char *name) {
    char file[300], server[KEY_CHARACTERS + 1], public[KEY_CHARACTERS + 1], secret[KEY_CHARACTERS + 1];
    read_key(folder, "server.key", "public-key", server);
    snprintf(file, sizeof file, "%.255s.key_secret", name);
    read_key(folder, file, "public-key", public);
    read_key(folder, file, "secret-key", secret);
    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server, sizeof server) ||
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public, sizeof public) ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, sizeof secret))
        stop("CURVE: %s; was this libzmq built with it?", zmq_strerror(errno));
}

static void *subscribed(void *context, const char *endpoint, char **prefixes, const char *folder, const char *name) {
    void *socket = zmq_socket(context, ZMQ_SUB);
    int held = VIEWS_WAITING_MAX;
    zmq_setsockopt(socket, ZMQ_RCVHWM, &held, sizeof held);
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &FRAME_OCTETS_MAX, sizeof FRAME_OCTETS_MAX);
    if (folder) set_keys(socket, folder, name);
    if (!*prefixes) zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "raw.", 4);
    for (; *prefixes; prefixes++) zmq_setsockopt(socket, ZMQ_SUBSCRIBE, *prefixes, strlen(*prefixes));
    if (zmq_connect(socket, endpoint)) stop("%s: %s", endpoint, zmq_strerror(errno));
    return socket;
}

/* One message has two frames, the topic and the envelope. Gives the number of records, or -1 for what is no view. */
static long receive(void *socket) {
    char topic[TOPIC_OCTETS_MAX + 1];
    zmq_msg_t frame;
    int frames = 0, more = 1;
    long records = -1;
    while (more) {
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, 0) < 0) stop("%s", zmq_strerror(errno));
        more = zmq_msg_more(&frame);
        const uint8_t *octets = zmq_msg_data(&frame);
        size_t length = zmq_msg_size(&frame);
        if (frames++ == 0) {
            size_t shown = length > TOPIC_OCTETS_MAX ? TOPIC_OCTETS_MAX : length;
            snprintf(topic, sizeof topic, "%.*s", (int)shown, (const char *)octets);
        } else if (frames == 2 && !more) {
            records = show(topic, (Reader){octets, octets + length});
        }
        zmq_msg_close(&frame);
    }
    return records;
}

int main(int count, char **words) {
    const char *folder = NULL, *name = "client";
    long most = 0, seen = 0;
    for (int option; (option = getopt(count, words, "k:n:c:")) != -1;) {
        if (option == 'k') folder = optarg;
        else if (option == 'n') name = optarg;
        else if (option == 'c') most = atol(optarg);
        else return 2;
    }
    if (optind == count) stop("usage: subscribe [-k DIR] [-n NAME] [-c RECORDS] ENDPOINT [TOPIC ...]");
    void *context = zmq_ctx_new();
    void *socket = subscribed(context, words[optind], words + optind + 1, folder, name);
    while (!most || seen < most) {
        long records = receive(socket);
        if (records < 0) fputs("subscribe: passed over a frame that is no view of version 1\n", stderr);
        else seen += records;
    }
    int none = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    zmq_close(socket);
    zmq_ctx_term(context);
    return 0;
}
