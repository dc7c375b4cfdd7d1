package io.pgbackup.cli.command;

/// What the libraries log is no part of a command's output unless it was asked for.
final class Logs {
  private Logs() {}

  /// Takes effect if it is called before the first logger is made.
  static void toStandardError(boolean verbose) {
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", verbose ? "debug" : "off");
  }
}
