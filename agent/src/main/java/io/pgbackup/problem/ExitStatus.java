package io.pgbackup.problem;

/// Exit statuses of every command but `wal push` and `wal fetch`, whose statuses PostgreSQL
/// dictates.
public enum ExitStatus {
  DONE(0, "done"),
  BUG(1, "a fault of pgbackup's own"),
  USAGE(2, "usage or configuration"),
  JVM(3, "the JVM's own, out of memory for instance"),
  REFUSED(4, "refused for safety"),
  STORAGE(5, "object storage"),
  POSTGRES(6, "PostgreSQL"),
  VERIFICATION(7, "verification failed"),
  TIMED_OUT(8, "timed out"),
  NOT_FOUND(9, "not found"),
  INTERRUPTED(130, "interrupted");

  private final int code;
  private final String meaning;

  ExitStatus(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  public int code() {
    return code;
  }

  public String meaning() {
    return meaning;
  }

  public static ExitStatus of(Problem problem) {
    return switch (problem) {
      case Problem.Misconfigured _ -> USAGE;
      case Problem.Refused _ -> REFUSED;
      case Problem.StorageFailed _ -> STORAGE;
      case Problem.PostgresFailed _ -> POSTGRES;
      case Problem.VerificationFailed _ -> VERIFICATION;
      case Problem.TimedOut _ -> TIMED_OUT;
      case Problem.NotFound _ -> NOT_FOUND;
      case Problem.Bug _ -> BUG;
    };
  }
}
