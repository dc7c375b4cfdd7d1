/*
 * PostgreSQL's end of the archive socket: archive_command, restore_command and the probe of a pod, in one static program
 * that needs nothing in the database's image. docs/socket-protocol.md fixes every octet and every exit status. In the pod of
 * a restore it is the other end: it runs PostgreSQL's programs for pgbackup in the container beside it.
 *
 * It holds no heap memory and one buffer. Whatever it is sent, it answers with one of its own statuses: PostgreSQL reads
 * meaning into them, and a wrong 1 from a restore_command ends recovery early.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION "unknown"
#endif

enum { PUSH = 0x81, FETCH = 0x82, PING = 0x83, RUN = 0x84, FETCH_OR_TAKE = 0x85, INSTALL = 0 };
enum { OK = 0, ABSENT = 1, REFUSED = 2, FAILED = 3, BAD_REQUEST = 4, OFFERED = 5 };
enum { PROTOCOL = 1, REQUEST_HEAD = 14, REPLY_HEAD = 12, MAX_NAME = 64, MAX_UID = 63, MAX_TEXT = 1024 };
enum { NOT_DONE = 1, TROUBLE = 126, IDENTITY_MAX = 65536 };
enum { RUN_HEAD = 8, RUN_REPLY = 8, MAX_WORDS = 256, MAX_WORDS_OCTETS = 65536, MAX_RUNNING = 16, BY_SIGNAL = 128 };

#define MAX_CONTENT ((uint64_t)1 << 30)
#define DEFAULT_SOCKET "/run/pgbackup/archive.sock"
#define ASKS_AGAIN "Look into the agent's log; PostgreSQL keeps the file and asks again."

static const char USAGE[] =
    "Usage: pgbackup-client [--socket PATH] [--timeout SECONDS] push FILE\n"
    "       pgbackup-client [--socket PATH] [--timeout SECONDS] fetch NAME DESTINATION\n"
    "       pgbackup-client [--socket PATH] [--timeout SECONDS] ping\n"
    "       pgbackup-client install FOLDER\n"
    "       pgbackup-client [--socket PATH] run\n"
    "\n"
    "Speaks to the pgbackup agent beside this server.\n"
    "  archive_command = 'pgbackup-client push %p'\n"
    "  restore_command = 'pgbackup-client fetch %f %p'\n"
    "\n"
    "      --socket PATH      the agent's socket; otherwise $PGBACKUP_WAL_SOCKET, or " DEFAULT_SOCKET "\n"
    "      --timeout SECONDS  how long no octet may move before it gives up; 120 if left out\n"
    "      --version          prints the version\n"
    "  -h, --help             this text\n"
    "\n"
    "'install' copies this program into FOLDER, as a whole, for a database container to run.\n"
    "'run' makes the socket and runs the programs that a restore in the container beside this one asks for,\n"
    "for its own user only, until it is told to end.\n"
    "\n"
    "Exit statuses:\n"
    "  push     0  stored, and confirmed by the store\n"
    "           1  not stored\n"
    "  fetch    0  delivered\n"
    "           1  the store proved that it has no such file\n"
    "         126  anything else: PostgreSQL stops instead of ending recovery early\n"
    "              (1 on a standby, which goes on streaming)\n"
    "  ping     0  an agent answers; 1 otherwise\n"
    "  install  0  copied; 1 otherwise\n"
    "  run      0  ended by a signal, and so are all that it ran; 1 if it cannot listen\n";

/* What is asked for; until that is known, FETCH, whose failures do the least harm. */
static volatile sig_atomic_t operation = FETCH;

/* What must not stay behind; cleared before the rename takes its place. Read by the signal handler. */
static char temporary[PATH_MAX];
static volatile sig_atomic_t temporary_stands;

static unsigned char buffer[256 * 1024];
static const char *socket_path = DEFAULT_SOCKET;
static long patience = 120;

static int failure_status(void) {
  if (operation != FETCH) {
    return NOT_DONE;
  }
  return access("standby.signal", F_OK) == 0 ? NOT_DONE : TROUBLE;
}

static void remove_temporary(void) {
  if (temporary_stands) {
    unlink(temporary);
    temporary_stands = 0;
  }
}

/* Dying of the signal itself would be above 125 also for a push, upon which PostgreSQL's archiver would end itself. */
static void on_signal(int number) {
  (void)number;
  remove_temporary();
  _exit(failure_status());
}

static void on_signals(void) {
  static const int ending[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigfillset(&action.sa_mask);
  action.sa_handler = on_signal;
  for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
    sigaction(ending[i], &action, NULL);
  }
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL);
  sigaction(SIGXFSZ, &action, NULL);
}

__attribute__((noreturn, format(printf, 2, 3))) static void fail(const char *hint, const char *format, ...) {
  static char text[MAX_TEXT + 2 * PATH_MAX];
  va_list arguments;
  remove_temporary();
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  dprintf(STDERR_FILENO, hint ? "ERROR: %s\nHINT: %s\n" : "ERROR: %s\n", text, hint);
  _exit(failure_status());
}

/* ---- numbers on the wire ---- */

static void put(unsigned char *to, int octets, uint64_t number) {
  for (int i = octets - 1; i >= 0; i--) {
    to[i] = (unsigned char)number;
    number >>= 8;
  }
}

static uint64_t get(const unsigned char *from, int octets) {
  uint64_t number = 0;
  for (int i = 0; i < octets; i++) {
    number = number << 8 | from[i];
  }
  return number;
}

/* CRC32C, by the processor where it can, which takes a fifth of the time, otherwise eight octets at a time. */
#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc_by_processor(uint32_t crc, const unsigned char *octets, size_t count) {
  uint64_t state = ~crc;
  for (; count >= 8; octets += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, octets, sizeof word);
    state = __builtin_ia32_crc32di(state, word);
  }
  for (; count > 0; octets++, count--) {
    state = __builtin_ia32_crc32qi((uint32_t)state, *octets);
  }
  return ~(uint32_t)state;
}
#endif

static uint32_t crc_table[8][256];

static void make_crc_table(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? crc >> 1 ^ UINT32_C(0x82F63B78) : crc >> 1;
    }
    crc_table[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; i++) {
    for (int slice = 1; slice < 8; slice++) {
      uint32_t before = crc_table[slice - 1][i];
      crc_table[slice][i] = before >> 8 ^ crc_table[0][before & 255];
    }
  }
}

static uint32_t crc_of(uint32_t crc, const unsigned char *octets, size_t count) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("sse4.2")) {
    return crc_by_processor(crc, octets, count);
  }
#endif
  crc = ~crc;
  for (; count >= 8; octets += 8, count -= 8) {
    crc ^= (uint32_t)octets[0] | (uint32_t)octets[1] << 8 | (uint32_t)octets[2] << 16 | (uint32_t)octets[3] << 24;
    crc = crc_table[7][crc & 255] ^ crc_table[6][crc >> 8 & 255] ^ crc_table[5][crc >> 16 & 255] ^
          crc_table[4][crc >> 24] ^ crc_table[3][octets[4]] ^ crc_table[2][octets[5]] ^ crc_table[1][octets[6]] ^
          crc_table[0][octets[7]];
  }
  for (; count > 0; octets++, count--) {
    crc = crc >> 8 ^ crc_table[0][(crc ^ *octets) & 255];
  }
  return ~crc;
}

/* ---- names ---- */

static size_t hexadecimal(const char *text) { return strspn(text, "0123456789ABCDEF"); }

static bool is_wal_file(const char *name) {
  switch (hexadecimal(name)) {
    case 8:
      return strcmp(name + 8, ".history") == 0;
    case 24:
      name += 24;
      return *name == '\0' || strcmp(name, ".partial") == 0 ||
             (*name == '.' && hexadecimal(name + 1) == 8 && strcmp(name + 9, ".backup") == 0);
    default:
      return false;
  }
}

static bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_uid(const char *text, size_t length) {
  if (length < 1 || length > MAX_UID || !is_letter_or_digit(text[0]) || !is_letter_or_digit(text[length - 1])) {
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    if (!is_letter_or_digit(text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.') {
      return false;
    }
  }
  return true;
}

/* ---- the identity beside the data directory ---- */

/* Finds the text of the outermost object's own field `uid`; its length, or 0 where there is none. */
static size_t find_uid(const char *json, size_t length, const char **uid) {
  const char *end = json + length;
  const char *name = "";
  size_t name_length = 0;
  bool at_name = true;
  int depth = 0;
  for (const char *at = json; at < end; at++) {
    switch (*at) {
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        break;
      case '{':
      case '[':
        if (depth == 0 && *at != '{') {
          return 0;
        }
        depth++;
        break;
      case '}':
      case ']':
        if (--depth <= 0) {
          return 0;
        }
        break;
      case ',':
        at_name |= depth == 1;
        break;
      case '"': {
        const char *text = at + 1;
        for (at = text; at < end && *at != '"'; at++) {
          if (*at == '\\') {
            at++;
          }
        }
        if (at >= end || depth == 0) {
          return 0;
        }
        if (depth == 1 && at_name) {
          name = text;
          name_length = (size_t)(at - text);
          at_name = false;
        } else if (depth == 1 && name_length == 3 && memcmp(name, "uid", 3) == 0) {
          *uid = text;
          return (size_t)(at - text);
        }
        break;
      }
      default:
        if (depth == 0) {
          return 0;
        }
    }
  }
  return 0;
}

/* Copies the sender's UID; its length, or 0 where no identity lies beside the working directory. */
static size_t sender_uid(unsigned char *to) {
  static const char HINT[] = "Make the file readable for the server's user, or restore it from the claim.";
  static char path[PATH_MAX + sizeof ".pgbackup.json"];
  static char json[IDENTITY_MAX + 1];
  size_t length = 0;
  if (getcwd(path, PATH_MAX) == NULL) {
    fail("Run the command in the data directory, as PostgreSQL does.", "the working directory is not known: %s",
         strerror(errno));
  }
  if (strcmp(path, "/") == 0) {
    return 0;
  }
  strcat(path, ".pgbackup.json");
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    if (errno == ENOENT) {
      return 0;
    }
    fail(HINT, "the identity %s cannot be read: %s", path, strerror(errno));
  }
  while (length < sizeof json) {
    ssize_t count = read(file, json + length, sizeof json - length);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      fail(HINT, "the identity %s cannot be read: %s", path, strerror(errno));
    }
    if (count == 0) {
      break;
    }
    length += (size_t)count;
  }
  close(file);
  const char *uid = NULL;
  size_t uid_length = length > IDENTITY_MAX ? 0 : find_uid(json, length, &uid);
  if (uid == NULL || !is_uid(uid, uid_length)) {
    fail(HINT, "the identity %s has no valid 'uid'", path);
  }
  memcpy(to, uid, uid_length);
  return uid_length;
}

/* ---- the agent ---- */

__attribute__((noreturn)) static void broken_off(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) {
    fail(ASKS_AGAIN, "the agent on %s said nothing for %ld seconds", socket_path, patience);
  }
  fail(ASKS_AGAIN, "the transfer with the agent on %s broke off: %s", socket_path,
       error == 0 ? "it closed before the end" : strerror(error));
}

/* Both timeouts count from the last octet that moved, and the one for sending bounds connecting too. */
static int connect_to_agent(void) {
  struct sockaddr_un address;
  struct timeval timeout = {patience, 0};
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (strlen(socket_path) >= sizeof address.sun_path) {
    fail("Set the agent's wal.socket to a shorter path.", "the socket's path %s is longer than %zu characters",
         socket_path, sizeof address.sun_path - 1);
  }
  strcpy(address.sun_path, socket_path);
  int agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (agent < 0 || setsockopt(agent, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0 ||
      setsockopt(agent, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0) {
    fail(NULL, "no socket can be made: %s", strerror(errno));
  }
  while (connect(agent, (struct sockaddr *)&address, sizeof address) != 0) {
    if (errno != EINTR) {
      fail("Start the agent, or name its wal.socket with --socket or PGBACKUP_WAL_SOCKET.",
           "no agent answers on %s: %s", socket_path, strerror(errno));
    }
  }
  return agent;
}

/* Whether the agent took everything. It may answer and close before that; then its reply still counts. */
static bool sent(int agent, const unsigned char *octets, size_t count) {
  while (count > 0) {
    ssize_t moved = send(agent, octets, count, MSG_NOSIGNAL);
    if (moved < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (errno == EPIPE || errno == ECONNRESET) {
        return false;
      }
      broken_off(errno);
    }
    octets += moved;
    count -= (size_t)moved;
  }
  return true;
}

static void receive(int agent, unsigned char *to, size_t count) {
  while (count > 0) {
    ssize_t moved = recv(agent, to, count, 0);
    if (moved < 0 && errno == EINTR) {
      continue;
    }
    if (moved <= 0) {
      broken_off(moved < 0 ? errno : 0);
    }
    to += moved;
    count -= (size_t)moved;
  }
}

/* Whether a fetch is also answered with a file to rename. */
static bool may_take = false;

static bool send_head(int agent, const char *name, const unsigned char *uid, size_t uid_length, uint64_t size) {
  unsigned char head[REQUEST_HEAD + MAX_NAME + MAX_UID];
  size_t name_length = strlen(name);
  head[0] = may_take ? FETCH_OR_TAKE : (unsigned char)operation;
  head[1] = PROTOCOL;
  put(head + 2, 2, name_length);
  put(head + 4, 2, uid_length);
  put(head + 6, 8, size);
  memcpy(head + REQUEST_HEAD, name, name_length);
  memcpy(head + REQUEST_HEAD + name_length, uid, uid_length);
  return sent(agent, head, REQUEST_HEAD + name_length + uid_length);
}

/* What came with the last reply, for a person; where a file is offered, its path. */
static char answer[MAX_TEXT + 1];

/* The status, and the size of the content that follows. Returns for OK, for a fetch's ABSENT, for a file that is offered, and where an
   agent does not know of files; fails otherwise. */
static int reply(int agent, uint64_t *size) {
  unsigned char head[REPLY_HEAD];
  receive(agent, head, 1);
  if (head[0] != PROTOCOL) {
    fail("Use the client that came with the agent.", "what answers on %s is no agent of this version", socket_path);
  }
  receive(agent, head + 1, REPLY_HEAD - 1);
  int status = head[1];
  size_t length = (size_t)get(head + 2, 2);
  *size = get(head + 4, 8);
  if (length > MAX_TEXT || *size > MAX_CONTENT || (*size > 0 && (operation != FETCH || (status != OK && status != OFFERED)))) {
    fail(ASKS_AGAIN, "what the agent on %s answered is not understood", socket_path);
  }
  receive(agent, (unsigned char *)answer, length);
  answer[length] = '\0';
  if (status == OK || (status == ABSENT && operation == FETCH) || (may_take && (status == OFFERED || status == BAD_REQUEST))) {
    return status;
  }
  for (size_t i = 0; i < length; i++) {
    if ((unsigned char)answer[i] < ' ' || answer[i] == 127) {
      answer[i] = ' ';
    }
  }
  fail(NULL, "%s", length > 0 ? answer : "the agent answered with a failure and no reason");
}

/* ---- the verbs ---- */

static void finish(int agent) {
  uint64_t none;
  reply(agent, &none);
}

static void finish_despite(int agent) {
  shutdown(agent, SHUT_WR);
  finish(agent);
}

static void ping(void) {
  int agent = connect_to_agent();
  if (!send_head(agent, "", (const unsigned char *)"", 0, 0)) {
    finish_despite(agent);
    return;
  }
  finish(agent);
}

static void push(const char *path) {
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  unsigned char uid[MAX_UID];
  unsigned char checksum[4];
  struct stat about;
  uint32_t crc = 0;
  if (!is_wal_file(name)) {
    fail("PostgreSQL gives the right path: archive_command = 'pgbackup-client push %p'.", "%s is not a WAL file", path);
  }
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0 || fstat(file, &about) != 0) {
    fail("Run the command where %p leads to a file.", "%s cannot be read: %s", path, strerror(errno));
  }
  if (!S_ISREG(about.st_mode) || (uint64_t)about.st_size > MAX_CONTENT) {
    fail("Run the command where %p leads to a file.", "%s is not a file of at most 1 GiB", path);
  }
  size_t uid_length = sender_uid(uid);
  int agent = connect_to_agent();
  uint64_t left = (uint64_t)about.st_size;
  if (!send_head(agent, name, uid, uid_length, left)) {
    finish_despite(agent);
    return;
  }
  while (left > 0) {
    ssize_t count = read(file, buffer, left < sizeof buffer ? (size_t)left : sizeof buffer);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      fail(ASKS_AGAIN, "%s cannot be read: %s", path, count < 0 ? strerror(errno) : "it became shorter");
    }
    crc = crc_of(crc, buffer, (size_t)count);
    if (!sent(agent, buffer, (size_t)count)) {
      finish_despite(agent);
      return;
    }
    left -= (uint64_t)count;
  }
  put(checksum, 4, crc);
  if (!sent(agent, checksum, sizeof checksum)) {
    finish_despite(agent);
    return;
  }
  finish(agent);
}

__attribute__((noreturn)) static void not_written(const char *path, int error) {
  fail("Run the command where %p leads to a file, and give its volume room.", "%s cannot be written: %s", path,
       strerror(error));
}

/* A new file beside the destination, remembered so that it does not stay behind. */
static int create_temporary(const char *destination, mode_t mode) {
  int length = snprintf(temporary, sizeof temporary, "%s.pgbackup-%ld", destination, (long)getpid());
  if (length < 0 || (size_t)length >= sizeof temporary) {
    not_written(destination, ENAMETOOLONG);
  }
  temporary_stands = 1;
  // what a killed process of this number left behind
  unlink(temporary);
  int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (file < 0) {
    not_written(temporary, errno);
  }
  return file;
}

static void write_fully(int file, const unsigned char *octets, size_t count) {
  while (count > 0) {
    ssize_t moved = write(file, octets, count);
    if (moved < 0 && errno == EINTR) {
      continue;
    }
    if (moved <= 0) {
      not_written(temporary, moved < 0 ? errno : EIO);
    }
    octets += moved;
    count -= (size_t)moved;
  }
}

/* The file appears under its name as a whole. Not flushed to disk: PostgreSQL flushes what it keeps of it (durable_rename), and asks
   again after a crash. */
static void publish(int file, const char *destination) {
  if (close(file) != 0 || rename(temporary, destination) != 0) {
    not_written(destination, errno);
  }
  temporary_stands = 0;
}

/* Whether the file that was offered is PostgreSQL's now. Containers may see other paths than the agent, or another file system. */
static bool taken(const char *offered, uint64_t size, const char *destination) {
  struct stat about;
  return lstat(offered, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
         (uint64_t)about.st_size == size && access(offered, R_OK | W_OK) == 0 && rename(offered, destination) == 0;
}

/* The connection on which a reply will come. */
static int ask_for(const char *name, const unsigned char *uid, size_t uid_length) {
  int agent = connect_to_agent();
  if (!send_head(agent, name, uid, uid_length, 0)) {
    shutdown(agent, SHUT_WR);
  }
  return agent;
}

static int fetch(const char *name, const char *destination) {
  unsigned char uid[MAX_UID];
  unsigned char checksum[4];
  uint64_t left;
  uint32_t crc = 0;
  if (!is_wal_file(name)) {
    fail("PostgreSQL gives the right name: restore_command = 'pgbackup-client fetch %f %p'.",
         "'%s' is not the name of a WAL file", name);
  }
  size_t uid_length = sender_uid(uid);
  may_take = true;
  int agent = ask_for(name, uid, uid_length);
  int status = reply(agent, &left);
  if (status == OFFERED) {
    const unsigned char send_it = 1;
    if (taken(answer, left, destination)) {
      return 0;
    }
    may_take = false;
    sent(agent, &send_it, 1);
    status = reply(agent, &left);
  } else if (status == BAD_REQUEST) {
    // an agent of an earlier version, which knows the other request
    close(agent);
    may_take = false;
    agent = ask_for(name, uid, uid_length);
    status = reply(agent, &left);
  }
  if (status == ABSENT) {
    return NOT_DONE;
  }
  int file = create_temporary(destination, 0600);
  while (left > 0) {
    size_t count = left < sizeof buffer ? (size_t)left : sizeof buffer;
    receive(agent, buffer, count);
    crc = crc_of(crc, buffer, count);
    write_fully(file, buffer, count);
    left -= count;
  }
  receive(agent, checksum, sizeof checksum);
  if (get(checksum, 4) != crc) {
    fail(ASKS_AGAIN, "what the agent on %s sent for %s does not have its checksum", socket_path, name);
  }
  publish(file, destination);
  return 0;
}

static void install(const char *folder) {
  static char destination[PATH_MAX];
  ssize_t count;
  int length = snprintf(destination, sizeof destination, "%s/pgbackup-client", folder);
  if (length < 0 || (size_t)length >= sizeof destination) {
    not_written(folder, ENAMETOOLONG);
  }
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0) {
    fail(NULL, "this program cannot be read: %s", strerror(errno));
  }
  int file = create_temporary(destination, 0700);
  while ((count = read(self, buffer, sizeof buffer)) != 0) {
    if (count < 0 && errno != EINTR) {
      fail(NULL, "this program cannot be read: %s", strerror(errno));
    }
    write_fully(file, buffer, count < 0 ? 0 : (size_t)count);
  }
  if (fchmod(file, 0755) != 0) {
    not_written(temporary, errno);
  }
  publish(file, destination);
}

/* ---- programs for a restore ---- */

/* The program that this process waits for; it survives whoever asked for it. */
static volatile pid_t program;
static volatile sig_atomic_t stopping;

static void on_stop(int number) {
  (void)number;
  stopping = 1;
}

/* PostgreSQL's fast shutdown. */
static void pass_on(int number) {
  (void)number;
  if (program > 0) {
    kill(program, SIGINT);
  }
}

static void on_child(int number) { (void)number; }

static void handle(int number, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = handler;
  sigaction(number, &action, NULL);
}

static void answer_run(int asker, int status, uint64_t number) {
  unsigned char head[RUN_REPLY] = {PROTOCOL, (unsigned char)status};
  put(head + 4, 4, number);
  // whoever asked may be gone; the program runs on all the same
  sent(asker, head, sizeof head);
}

/* The words of a request: where the output goes, then the program and its arguments. */
static char **receive_words(int asker) {
  static char octets[MAX_WORDS_OCTETS];
  static char *words[MAX_WORDS + 1];
  unsigned char head[RUN_HEAD];
  receive(asker, head, sizeof head);
  size_t count = (size_t)get(head + 2, 2);
  size_t length = (size_t)get(head + 4, 4);
  if (head[0] != RUN || head[1] != PROTOCOL || count < 2 || count > MAX_WORDS || length > sizeof octets) {
    answer_run(asker, BAD_REQUEST, EINVAL);
    fail(NULL, "a request to run a program is not understood");
  }
  receive(asker, (unsigned char *)octets, length);
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    char *end = memchr(octets + at, '\0', length - at);
    if (end == NULL) {
      answer_run(asker, BAD_REQUEST, EINVAL);
      fail(NULL, "a request to run a program has too few words");
    }
    words[i] = octets + at;
    at = (size_t)(end - octets) + 1;
  }
  words[count] = NULL;
  return words;
}

__attribute__((noreturn)) static void become(char **words, const sigset_t *signals, int trouble) {
  static const int ours[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD, SIGPIPE, SIGXFSZ};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
    handle(ours[i], SIG_DFL);
  }
  sigprocmask(SIG_SETMASK, signals, NULL);
  int nothing = open("/dev/null", O_RDWR);
  int output = words[0][0] == '\0' ? nothing : open(words[0], O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (nothing >= 0 && output >= 0 && chdir("/") == 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
      dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0) {
    for (int file = STDERR_FILENO + 1; file < 64; file++) {
      if (file != trouble) {
        close(file);
      }
    }
    execvp(words[1], words + 1);
  }
  int error = errno;
  ssize_t written = write(trouble, &error, sizeof error);
  _exit(written == (ssize_t)sizeof error ? TROUBLE : TROUBLE + 1);
}

/* One request, in a process of its own: starts the program, answers, waits for its end, answers again. */
__attribute__((noreturn)) static void serve(int asker, const sigset_t *signals) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  struct timeval timeout = {patience, 0};
  int trouble[2];
  int error = 0;
  setsockopt(asker, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (getsockopt(asker, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || (peer.uid != geteuid() && peer.uid != 0)) {
    answer_run(asker, REFUSED, EPERM);
    fail(NULL, "user %ld may not have programs run", (long)peer.uid);
  }
  char **words = receive_words(asker);
  if (pipe2(trouble, O_CLOEXEC) != 0 || (program = fork()) < 0) {
    answer_run(asker, FAILED, (uint64_t)errno);
    fail(NULL, "%s cannot be run: %s", words[1], strerror(errno));
  }
  if (program == 0) {
    become(words, signals, trouble[1]);
  }
  handle(SIGTERM, pass_on);
  sigprocmask(SIG_SETMASK, signals, NULL);
  close(trouble[1]);
  ssize_t count;
  do {
    count = read(trouble[0], &error, sizeof error);
  } while (count < 0 && errno == EINTR);
  int status;
  if (count == (ssize_t)sizeof error) {
    answer_run(asker, FAILED, (uint64_t)error);
  } else {
    answer_run(asker, OK, (uint64_t)program);
  }
  while (waitpid(program, &status, 0) < 0 && errno == EINTR) {
  }
  if (count != (ssize_t)sizeof error) {
    answer_run(asker, OK, (uint64_t)(WIFEXITED(status) ? WEXITSTATUS(status) : BY_SIGNAL + WTERMSIG(status)));
  }
  _exit(0);
}

static int listen_for_requests(void) {
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  if (strlen(socket_path) >= sizeof address.sun_path) {
    fail("Give a shorter --socket.", "the socket's path %s is longer than %zu characters", socket_path,
         sizeof address.sun_path - 1);
  }
  strcpy(address.sun_path, socket_path);
  // of this container's earlier start
  unlink(socket_path);
  umask(0177);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0) {
    fail("Give a --socket in a folder that this user may write.", "cannot listen on %s: %s", socket_path,
         strerror(errno));
  }
  umask(077);
  return listener;
}

static void run(void) {
  pid_t running[MAX_RUNNING] = {0};
  sigset_t blocked;
  sigset_t signals;
  int listener = listen_for_requests();
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGINT);
  sigaddset(&blocked, SIGCHLD);
  // delivered only while it waits, so that none comes between a look and the wait
  sigprocmask(SIG_BLOCK, &blocked, &signals);
  handle(SIGTERM, on_stop);
  handle(SIGINT, on_stop);
  handle(SIGCHLD, on_child);
  int busy = 0;
  bool told = false;
  while (!stopping || busy > 0) {
    if (stopping && !told) {
      told = true;
      for (int i = 0; i < MAX_RUNNING; i++) {
        if (running[i] > 0) {
          kill(running[i], SIGTERM);
        }
      }
    }
    struct pollfd wanted = {.fd = stopping || busy == MAX_RUNNING ? -1 : listener, .events = POLLIN};
    int ready = ppoll(&wanted, 1, NULL, &signals);
    for (pid_t ended; (ended = waitpid(-1, NULL, WNOHANG)) > 0;) {
      for (int i = 0; i < MAX_RUNNING; i++) {
        if (running[i] == ended) {
          running[i] = 0;
          busy--;
        }
      }
    }
    int asker = ready > 0 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
    if (asker < 0) {
      continue;
    }
    pid_t server = fork();
    if (server == 0) {
      close(listener);
      serve(asker, &signals);
    }
    for (int i = 0; server > 0 && i < MAX_RUNNING; i++) {
      if (running[i] == 0) {
        running[i] = server;
        busy++;
        break;
      }
    }
    close(asker);
  }
  unlink(socket_path);
}

/* ---- the command line ---- */

__attribute__((noreturn, format(printf, 1, 2))) static void usage(const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fail("'pgbackup-client --help' shows how it is used.", "%s", text);
}

static int verb(const char *word) {
  return strcmp(word, "push") == 0      ? PUSH
         : strcmp(word, "fetch") == 0   ? FETCH
         : strcmp(word, "ping") == 0    ? PING
         : strcmp(word, "run") == 0     ? RUN
         : strcmp(word, "install") == 0 ? INSTALL
                                        : -1;
}

/* The value of an option, as `--name VALUE` or `--name=VALUE`; NULL where the word is another option. */
static const char *value(const char *option, char **words, int *at) {
  size_t length = strlen(option);
  if (strncmp(words[*at], option, length) != 0) {
    return NULL;
  }
  if (words[*at][length] == '=') {
    return words[*at] + length + 1;
  }
  if (words[*at][length] != '\0') {
    return NULL;
  }
  if (words[*at + 1] == NULL) {
    usage("%s needs a value", option);
  }
  return words[++*at];
}

static long seconds(const char *text) {
  char *end;
  errno = 0;
  long number = strtol(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || number < 1 || number > 3600) {
    usage("--timeout takes 1 to 3600 seconds, got '%s'", text);
  }
  return number;
}

/* A failure to understand the rest must already have the status of what was meant. */
static void guess_operation(int count, char **words) {
  for (int i = 1; i < count; i++) {
    if (verb(words[i]) >= 0) {
      operation = verb(words[i]);
      return;
    }
  }
}

static int print(const char *text) {
  return dprintf(STDOUT_FILENO, "%s", text) < 0 ? NOT_DONE : 0;
}

static char **understand(int count, char **words) {
  static const char *const takes[] = {"a file", "a name and a destination", "nothing", "a folder"};
  const char *named = getenv("PGBACKUP_WAL_SOCKET");
  if (named != NULL && *named != '\0') {
    socket_path = named;
  }
  int at = 1;
  for (; at < count && words[at][0] == '-'; at++) {
    const char *given;
    if (strcmp(words[at], "--help") == 0 || strcmp(words[at], "-h") == 0) {
      exit(print(USAGE));
    }
    if (strcmp(words[at], "--version") == 0) {
      exit(print("pgbackup-client " VERSION "\n"));
    }
    if ((given = value("--socket", words, &at)) != NULL) {
      socket_path = given;
    } else if ((given = value("--timeout", words, &at)) != NULL) {
      patience = seconds(given);
    } else {
      usage("unknown option '%s'", words[at]);
    }
  }
  if (at == count || verb(words[at]) < 0) {
    usage("it takes push, fetch, ping, install or run");
  }
  operation = verb(words[at++]);
  int expected = operation == FETCH ? 2 : operation == PING || operation == RUN ? 0 : 1;
  if (count - at != expected) {
    usage("'%s' takes %s, got %d words", words[at - 1],
          takes[operation == PUSH ? 0 : operation == FETCH ? 1 : operation == PING || operation == RUN ? 2 : 3], count - at);
  }
  return words + at;
}

/* A closed one would be the next file's number, and messages would go into it. */
static void open_standard_streams(void) {
  int file;
  do {
    file = open("/dev/null", O_RDWR);
  } while (file >= 0 && file <= STDERR_FILENO);
  if (file >= 0) {
    close(file);
  }
}

int main(int count, char **words) {
  open_standard_streams();
  guess_operation(count, words);
  on_signals();
  char **operands = understand(count, words);
  make_crc_table();
  switch (operation) {
    case PUSH:
      push(operands[0]);
      return 0;
    case FETCH:
      return fetch(operands[0], operands[1]);
    case PING:
      ping();
      return 0;
    case RUN:
      run();
      return 0;
    default:
      install(operands[0]);
      return 0;
  }
}
