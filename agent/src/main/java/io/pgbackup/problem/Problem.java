package io.pgbackup.problem;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Optional;

/// Why something did not happen, in the user's words. The kind decides whether a retry may help,
/// and which exit and HTTP status is answered; the message says what failed (lower case, no full
/// stop); the hint is a sentence that says what to do next.
///
/// Immutable. Never contains a secret.
public sealed interface Problem {
  String message();

  Optional<String> hint();

  /// The user asked for something that cannot be understood, or the configuration is wrong.
  record Misconfigured(String message, Optional<String> hint) implements Problem {
    public Misconfigured {
      requireNonNull(message);
      requireNonNull(hint);
    }
  }

  /// Carrying on could lose or overwrite something. What was done before that stands; where it is
  /// not nothing, the message or the hint says so.
  record Refused(String message, Optional<String> hint) implements Problem {
    public Refused {
      requireNonNull(message);
      requireNonNull(hint);
    }
  }

  /// The object store did not do its part. A retry may help where `transientFault` is true.
  record StorageFailed(String message, Optional<String> hint, boolean transientFault)
      implements Problem {
    public StorageFailed {
      requireNonNull(message);
      requireNonNull(hint);
    }
  }

  /// PostgreSQL did not do its part: no connection, a failed start, a refused command.
  record PostgresFailed(String message, Optional<String> hint) implements Problem {
    public PostgresFailed {
      requireNonNull(message);
      requireNonNull(hint);
    }
  }

  /// What is stored is not what was written: a checksum, a codec or a record does not hold.
  record VerificationFailed(String message, Optional<String> hint) implements Problem {
    public VerificationFailed {
      requireNonNull(message);
      requireNonNull(hint);
    }
  }

  /// A deadline passed.
  record TimedOut(String message, Optional<String> hint) implements Problem {
    public TimedOut {
      requireNonNull(message);
      requireNonNull(hint);
    }
  }

  /// The thing that was named does not exist.
  record NotFound(String message, Optional<String> hint) implements Problem {
    public NotFound {
      requireNonNull(message);
      requireNonNull(hint);
    }
  }

  /// A fault of ours.
  record Bug(String message, Optional<String> hint) implements Problem {
    public Bug {
      requireNonNull(message);
      requireNonNull(hint);
    }
  }

  static Misconfigured misconfigured(String message, String hint) {
    return new Misconfigured(message, Optional.of(hint));
  }

  static Refused refused(String message, String hint) {
    return new Refused(message, Optional.of(hint));
  }

  static StorageFailed storageFailed(String message, String hint) {
    return new StorageFailed(message, Optional.of(hint), false);
  }

  static StorageFailed storageUnavailable(String message, String hint) {
    return new StorageFailed(message, Optional.of(hint), true);
  }

  /// An object that was there, and whose content ended in a failure of the transport.
  static PgBackupException readingBrokeOff(Object key, IOException cause) {
    return storageUnavailable("reading " + key + " broke off: " + cause.getMessage(), "Try again.")
        .causedBy(cause);
  }

  static PostgresFailed postgresFailed(String message, String hint) {
    return new PostgresFailed(message, Optional.of(hint));
  }

  static VerificationFailed verificationFailed(String message, String hint) {
    return new VerificationFailed(message, Optional.of(hint));
  }

  static TimedOut timedOut(String message, String hint) {
    return new TimedOut(message, Optional.of(hint));
  }

  static NotFound notFound(String message, String hint) {
    return new NotFound(message, Optional.of(hint));
  }

  static Bug bug(String message) {
    return new Bug(message, Optional.of("Please report this with the command and its output."));
  }

  /// Whether the same attempt may succeed later without anybody changing anything.
  default boolean retryMayHelp() {
    return (this instanceof StorageFailed failed && failed.transientFault())
        || this instanceof TimedOut;
  }

  default PgBackupException asException() {
    return new PgBackupException(this);
  }

  default PgBackupException causedBy(Throwable cause) {
    return new PgBackupException(this, cause);
  }
}
