package io.pgbackup.log;

/// What a log line looks like.
public enum LogFormat {
  TEXT,
  JSON;

  /// For the whole process, before its first logger is made; later nothing happens.
  public void use() {
    if (this == JSON) {
      // otherwise slf4j tells on stderr, in words, that it does what is asked for here
      System.setProperty("slf4j.internal.verbosity", "WARN");
      System.setProperty("slf4j.provider", JsonLogProvider.class.getName());
    }
  }
}
