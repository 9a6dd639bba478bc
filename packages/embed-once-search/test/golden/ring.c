/* A ring buffer of bytes for one reader and one writer. */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define RING_BYTES 256
#define MIN(a, b) ((a) < (b) ? (a) : (b))

typedef struct ring {
    unsigned char bytes[RING_BYTES];
    size_t head; /* next byte to read */
    size_t tail; /* next byte to write */
} ring;

enum ring_error { RING_OK, RING_FULL };

static const char *const ring_messages[] = {"ok", "full"};

static size_t *ring_place(ring *r, bool writing)
{
    return writing ? &r->tail : &r->head;
}

/*
 * Writes as many bytes as there is room for and returns their number. The buffer counts as full with one byte
 * free, because an equal head and tail mean that it is empty.
 */
size_t ring_write(ring *r, const void *data, size_t length)
{
    size_t room = (r->head + RING_BYTES - r->tail - 1) % RING_BYTES;
    size_t count = MIN(length, room);
    size_t first = MIN(count, RING_BYTES - r->tail);
    memcpy(r->bytes + r->tail, data, first);
    memcpy(r->bytes, (const unsigned char *)data + first, count - first);
    r->tail = (r->tail + count) % RING_BYTES;
    return count;
}

size_t ring_read(ring *r, void *data, size_t length)
{
    size_t used = (r->tail + RING_BYTES - r->head) % RING_BYTES;
    size_t count = MIN(length, used);
    size_t first = MIN(count, RING_BYTES - r->head);
    memcpy(data, r->bytes + r->head, first);
    memcpy((unsigned char *)data + first, r->bytes, count - first);
    r->head = (r->head + count) % RING_BYTES;
    return count;
}
