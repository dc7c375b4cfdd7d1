package io.pgbackup.postgres.jdbc;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/// What a person would look at to see whether a server can be backed up well.
///
/// @param settings by name, those that exist in this version
/// @param slots all replication slots
/// @param missingRights functions that this role may not execute, and `pg_monitor` where it is not
///   a member
/// @param tablespaces where they lie as the server sees it, by name
public record ServerHealth(
    Map<String, String> settings,
    List<Slot> slots,
    List<String> missingRights,
    Map<String, Path> tablespaces) {
  /// @param retained bytes of WAL that it keeps from being removed; empty for none
  public record Slot(String name, boolean active, OptionalLong retained) {}

  public ServerHealth {
    settings = Map.copyOf(settings);
    slots = List.copyOf(slots);
    missingRights = List.copyOf(missingRights);
    tablespaces = Map.copyOf(tablespaces);
  }

  /// The empty text for a setting that this version does not have.
  public String setting(String name) {
    return settings.getOrDefault(name, "");
  }
}
