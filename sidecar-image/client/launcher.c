/*
 * `pgbackup-agent` and `pgbackup` of the image, which has no shell: becomes the JVM with the options of that name, so that
 * signals reach it. More options for the JVM: JDK_JAVA_OPTIONS, which the JVM reads itself.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JAVA "/opt/java/bin/java"

int main(int count, char **words) {
  char options[128];
  const char *slash = strrchr(words[0], '/');
  snprintf(options, sizeof options, "@/opt/pgbackup/%.64s.options", slash == NULL ? words[0] : slash + 1);
  char **command = calloc((size_t)count + 2, sizeof *command);
  if (command != NULL) {
    command[0] = JAVA;
    command[1] = options;
    memcpy(command + 2, words + 1, (size_t)(count - 1) * sizeof *command);
    /* glibc keeps memory for each thread that once needed some; two places for it are enough */
    setenv("MALLOC_ARENA_MAX", "2", 0);
    execv(JAVA, command);
  }
  fprintf(stderr, "ERROR: %s cannot be started: %s\n", JAVA, strerror(errno));
  return 3;
}
