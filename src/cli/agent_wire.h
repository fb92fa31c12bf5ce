/* agent_wire.h -- what an agent and its callers say to each other: one question of a fixed size, one answer. */
#ifndef CLI_AGENT_WIRE_H
#define CLI_AGENT_WIRE_H

#include "cli/agent.h"

enum agent_question { AGENT_GET = 'g', AGENT_PUT = 'p', AGENT_LOCK = 'l' };

/* Both sides are the same program on the same machine. */
struct agent_ask {
    uint8_t question, zero[7];
    uint64_t for_ms;
    uint8_t sign_pk[SIGN_PK_BYTES], seed[SEED_BYTES];
};

struct agent_answer {
    uint8_t is_there, zero[7];
    uint64_t left_ms;
    uint8_t seed[SEED_BYTES];
};

/* agent_is_mine -- whether the other end of a socket belongs to this user. */
bool agent_is_mine(int socket);

/* agent_receive, agent_send -- exactly n bytes, or false. */
bool agent_receive(int socket, void *at, size_t n) NONNULL;
bool agent_send(int socket, const void *at, size_t n) NONNULL;

#endif
