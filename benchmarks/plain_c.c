/* The three stations in plain C with a binary heap: what the machine gives when nothing is general.
   Build: cc -O3 -o plain_c plain_c.c -lm      Run: plain_c REQUESTS RUNS; prints JSON as law.py describes. */
#define _POSIX_C_SOURCE 199309L
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { UNITS = 8, HOTLINE = 0, CALLBACK = UNITS + 1, STATIONS = UNITS + 2, RING = 1 << 16, SLOTS = 1 << 10 };
static const double ARRIVALS = 150, TALK = 4 / 60., WORK = 1.25, CALL = 4 / 60., COVERAGE = 0.6, URGENT = 0.2;

typedef struct { double begun; int urgency; } Request;
typedef struct { double time; int station; Request request; } Event;
typedef struct { Request *ring; uint64_t head, tail; } Queue;

static uint64_t s[4];  /* xoshiro256+ */
static uint64_t turn(uint64_t x, int k) { return x << k | x >> (64 - k); }
static double uniform(void) {
    uint64_t sum = s[0] + s[3], t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = turn(s[3], 45);
    return ((sum >> 11) + 0.5) * 0x1p-53;
}
static void start(uint64_t seed) {
    for (int i = 0; i < 4; i++) {  /* splitmix64 */
        uint64_t z = seed += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u; z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        s[i] = z ^ z >> 31;
    }
}
static double exponential(double mean) { return -mean * log(uniform()); }

static Event heap[SLOTS];
static int size;
static void push(Event e) {
    int i = size++;
    for (; i > 0 && heap[(i - 1) / 2].time > e.time; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = e;
}
static Event pop(void) {
    Event first = heap[0], last = heap[--size];
    int i = 0;
    for (int child; (child = 2 * i + 1) < size; i = child) {
        if (child + 1 < size && heap[child + 1].time < heap[child].time) child++;
        if (heap[child].time >= last.time) break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return first;
}

static Queue queue[STATIONS][2];
static int idle[STATIONS];
static double talked;

static void serve(int at, double now) {
    if (at < 0 || idle[at] == 0) return;
    Queue *q = &queue[at][queue[at][0].head == queue[at][0].tail];
    if (q->head == q->tail) return;
    idle[at]--;
    double work = exponential(at == HOTLINE ? TALK : at == CALLBACK ? CALL : WORK);
    if (at == HOTLINE) talked += work;
    push((Event){now + work, at, q->ring[q->head++ % RING]});
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    double hours = atof(argv[1]) / ARRIVALS;
    for (int i = 0; i < STATIONS; i++)
        for (int j = 0; j < 2; j++) queue[i][j].ring = calloc(RING, sizeof(Request));
    for (int run = 1; run <= atoi(argv[2]); run++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
        double total[2] = {0, 0};
        long done[2] = {0, 0}, arrived = 0;
        start(run);
        size = 0, talked = 0;
        for (int i = 0; i < STATIONS; i++) {
            idle[i] = i == HOTLINE ? 12 : i == CALLBACK ? 7 : 27;
            for (int j = 0; j < 2; j++) queue[i][j].head = queue[i][j].tail = 0;
        }
        push((Event){exponential(1 / ARRIVALS), -1, {0, 1}});
        while (heap[0].time < hours) {
            Event e = pop();
            Request r = e.request;
            int to = -1;
            if (e.station < 0) {
                arrived++;
                r = (Request){e.time, 1};
                push((Event){e.time + exponential(1 / ARRIVALS), -1, {0, 1}});
                to = HOTLINE;
            } else {
                idle[e.station]++;
                if (e.station == HOTLINE) {
                    to = 1 + (int)(UNITS * uniform());
                    r.urgency = uniform() >= URGENT;
                } else if (e.station != CALLBACK && uniform() < COVERAGE) {
                    to = CALLBACK;
                } else {
                    total[r.urgency] += e.time - r.begun;
                    done[r.urgency]++;
                }
            }
            if (to >= 0) {
                Queue *q = &queue[to][to == HOTLINE || to == CALLBACK ? 1 : r.urgency];
                q->ring[q->tail++ % RING] = r;
            }
            serve(e.station, e.time);
            serve(to, e.time);
        }
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        double seconds = (end.tv_sec - begin.tv_sec) + 1e-9 * (end.tv_nsec - begin.tv_nsec);
        printf("%s{\"seconds\": %.9g, \"requests\": %ld, \"urgent\": %.17g, \"ordinary\": %.17g, \"utilisation\": %.17g}",
               run == 1 ? "[" : ", ", seconds, arrived, total[0] / done[0], total[1] / done[1], talked / (12 * hours));
    }
    puts("]");
    return 0;
}
