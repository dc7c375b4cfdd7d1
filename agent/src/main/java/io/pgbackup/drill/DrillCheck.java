package io.pgbackup.drill;

/// One thing that a drill looked at.
///
/// @param name `restore`, `page checksums`, `start`, `indexes`, `probe`
/// @param found in words, lower case
/// @param next what to do, a sentence; empty where nothing is to be done
public record DrillCheck(String name, Result result, String found, String next) {
  public enum Result {
    PASSED,
    FAILED,
    /// Could not be looked at here, which is no fault of the backup.
    SKIPPED
  }

  static DrillCheck passed(String name, String found) {
    return new DrillCheck(name, Result.PASSED, found, "");
  }

  static DrillCheck failed(String name, String found, String next) {
    return new DrillCheck(name, Result.FAILED, found, next);
  }

  static DrillCheck skipped(String name, String found, String next) {
    return new DrillCheck(name, Result.SKIPPED, found, next);
  }
}
