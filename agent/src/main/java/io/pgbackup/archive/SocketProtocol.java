package io.pgbackup.archive;

/// The numbers of `docs/socket-protocol.md`. All integers on the wire are unsigned and big endian.
final class SocketProtocol {
  static final int VERSION = 1;

  /// WAL-G's operations are ASCII letters; ours have the highest bit set, so one octet tells the
  /// two protocols apart.
  static final int OURS = 0x80;

  static final int PUSH = 0x81;
  static final int FETCH = 0x82;
  static final int PING = 0x83;

  /// 0x84 is the runner's, another program.
  static final int FETCH_OR_TAKE = 0x85;

  static final int DAEMON_CHECK = 'C';
  static final int DAEMON_PUSH = 'F';
  static final int DAEMON_FETCH = 'f';

  /// Octets of WAL-G's type and length, which its length counts too.
  static final int DAEMON_HEAD = 3;

  /// Octets of our request before the name.
  static final int REQUEST_HEAD = 14;

  /// What a client says that could not take the file away that it was offered.
  static final int SEND_IT = 1;

  /// Octets of our reply before its text.
  static final int REPLY_HEAD = 12;

  static final int MAX_NAME = 64;
  static final int MAX_UID = 63;
  static final int MAX_TEXT = 1024;

  /// The greatest segment that PostgreSQL can be built with.
  static final long MAX_CONTENT = 1L << 30;

  private SocketProtocol() {}
}
