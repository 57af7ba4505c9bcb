#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static int same_name(const char *a, const char *b) { return !strncmp(a, b, (size_t)(strchr(b, '=') + 1 - b)); }

/// This process's environment with two variables, which take the place of those that are there; NULL without memory.
static char **environment_with(const char *first, const char *second) {
  size_t count = 0, used = 0;
  while (environ[count]) count++;
  char **variables = malloc((count + 3) * sizeof *variables);
  if (!variables) return NULL;
  variables[used++] = (char *)first;
  variables[used++] = (char *)second;
  for (size_t i = 0; i < count; i++) {
    if (!same_name(environ[i], first) && !same_name(environ[i], second)) variables[used++] = environ[i];
  }
  variables[used] = NULL;
  return variables;
}

int cworkers_spawn(pid_t *pid, const cworkers_program *program, const int given[4]) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  int error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (!error) {
    error = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, program->log_path, O_WRONLY | O_APPEND, 0);
  }
  if (!error) error = posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  for (int i = 0; i < 4 && !error; i++) {
    error = posix_spawn_file_actions_adddup2(&actions, given[i], CWORKERS_CONTROL + i);
  }
  // Whatever the host's other libraries have opened without CLOEXEC is none of the worker's business.
  for (int i = STDERR_FILENO + 1; i < CWORKERS_CONTROL && !error; i++) {
    error = posix_spawn_file_actions_addclose(&actions, i);
  }
  if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, FIRST_FREE);
  if (!error) error = posix_spawn_file_actions_addchdir_np(&actions, program->directory);

  // What stops a service or a batch job sends a signal to all of its processes, and the host decides what becomes of
  // its workers: these are blocked until the worker has handlers for them.
  sigset_t blocked, defaults;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGINT);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGHUP);
  sigfillset(&defaults);
  posix_spawnattr_setsigmask(&attributes, &blocked);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  // A group of its own: Ctrl-Z stops the host and not a worker at its step, and what a worker has started ends with it.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  char **variables = environment_with(program->mark, program->search_path);
  if (!error && !variables) error = ENOMEM;
  if (!error) {
    error = posix_spawn(
        pid, program->arguments[0], &actions, &attributes, (char *const *)program->arguments, variables);
  }
  free(variables);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}
