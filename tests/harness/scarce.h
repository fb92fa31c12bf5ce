/* scarce.h -- a job tried where memory has become scarce, in a child process. */
#ifndef HARNESS_SCARCE_H
#define HARNESS_SCARCE_H

/* scarce_run -- what the job returns (0 to 99) in a process that can map 32 MiB more and not a page beyond.
 *
 * Gives    100 and up when the job did not come to its end: killed, or the limit could not be set
 */
int scarce_run(int (*job)(void));

#endif
