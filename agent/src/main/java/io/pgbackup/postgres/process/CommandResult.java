package io.pgbackup.postgres.process;

/// What a finished command left.
///
/// @param output standard output and standard error together, without surrounding white space, at
///   most the last 16 KiB
record CommandResult(int exitStatus, String output) {
  boolean succeeded() {
    return exitStatus == 0;
  }

  /// The last line that says something, for a message.
  String lastLine() {
    return output.substring(output.lastIndexOf('\n') + 1).strip();
  }
}
