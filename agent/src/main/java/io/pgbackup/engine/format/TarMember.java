package io.pgbackup.engine.format;

/// One member of a tar.
///
/// @param name as the header spells it; WAL-G's begin with a slash
/// @param size bytes of content
/// @param mode permission bits, at most 0777
public record TarMember(String name, Kind kind, long size, int mode) {
  public enum Kind {
    FILE,
    DIRECTORY,
    /// Links, pipes, devices.
    OTHER
  }
}
