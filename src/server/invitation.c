/* invitation.c -- see invitation.h. */
#include "server/invitation.h"

enum err invitation_judge(const struct circle *circle, uint64_t seq, uint64_t now_ms)
{
    for (size_t i = 0; i < circle->invite_n; i++) {
        const struct circle_invite *invite = &circle->invite[i];
        if (invite->seq != seq) continue;
        if (now_ms > invite->expires_ms) return ERR_NO_INVITE;
        return circle_invite_is_agreed(circle, invite) ? ERR_OK : ERR_CONSENT_MISSING;
    }
    return ERR_NO_INVITE;
}
