package io.pgbackup.catalog;

import static java.util.stream.Collectors.toUnmodifiableMap;

import io.pgbackup.engine.format.BackupName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// Follows deltas to their full backups. Pure.
public record Chains(Map<BackupName, BaseBackup> backups) {
  public static Chains of(Collection<BaseBackup> backups) {
    return new Chains(
        backups.stream().collect(toUnmodifiableMap(BaseBackup::name, Function.identity())));
  }

  /// The full backup first; empty where one is missing, or is not what the delta was made on.
  public Optional<List<BaseBackup>> of(BackupName name) {
    List<BaseBackup> chain = new ArrayList<>();
    Optional<BackupName> next = Optional.of(name);
    while (next.isPresent()) {
      Optional<BaseBackup> backup = next.map(backups::get);
      if (backup.isEmpty() || chain.size() == backups.size() || !standsOn(chain, backup.get())) {
        return Optional.empty();
      }
      chain.addFirst(backup.get());
      next = backup.get().deltaFrom();
    }
    return Optional.of(List.copyOf(chain));
  }

  private static boolean standsOn(List<BaseBackup> chain, BaseBackup parent) {
    return chain.isEmpty()
        || chain.getFirst().delta().orElseThrow().lsn().equals(parent.startLsn());
  }
}
