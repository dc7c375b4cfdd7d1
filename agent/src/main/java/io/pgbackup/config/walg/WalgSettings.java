package io.pgbackup.config.walg;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.problem.PgBackupException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What the settings of a WAL-G installation are in our configuration. Immutable; holds secrets and
/// never prints them.
///
/// @param overrides by the names of our environment variables, `PGBACKUP_STORAGE_URL`; without
///   secrets
/// @param credentials where the settings hold them; otherwise the AWS SDK's default chain is asked
/// @param secrets what has to be put into a file, by the variable that names that file
/// @param ignored names that mean nothing here
public record WalgSettings(
    Map<String, String> overrides,
    Optional<AccessKeys> credentials,
    Map<String, Secret> secrets,
    Set<String> ignored) {

  /// Never printed.
  public record Secret(String reveal) {
    @Override
    public String toString() {
      return "Secret[***]";
    }
  }

  public WalgSettings {
    overrides = Map.copyOf(overrides);
    secrets = Map.copyOf(secrets);
    ignored = Set.copyOf(ignored);
  }

  /// @param source a file of assignments, an envdir, or `.walg.json` or `.yaml`
  /// @throws PgBackupException `Misconfigured` if it cannot be read, or names a storage or a key
  ///   service that we do not have
  public static WalgSettings read(Path source) {
    return of(SettingsSource.read(source));
  }

  static WalgSettings of(Map<String, String> settings) {
    WalgNames names = new WalgNames(settings);
    Mapping mapping = new Mapping();
    Optional<AccessKeys> keys = new StorageMapping(names, mapping).map();
    new EncryptionMapping(names, mapping).map();
    new PackingMapping(names, mapping).map();
    return new WalgSettings(mapping.overrides(), keys, mapping.secrets(), names.ignored());
  }
}
