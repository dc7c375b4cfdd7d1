package io.pgbackup.problem;

/// Carries a [Problem] to the outermost layer, which logs or prints it once.
public final class PgBackupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  public PgBackupException(Problem problem) {
    super(problem.message());
    this.problem = problem;
  }

  public PgBackupException(Problem problem, Throwable cause) {
    super(problem.message(), cause);
    this.problem = problem;
  }

  public Problem problem() {
    return problem;
  }
}
