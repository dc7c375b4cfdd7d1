package io.pgbackup.cli.source;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.BrokerSettings;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.EffectiveConfig;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.config.walg.WalgSettings;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import io.pgbackup.store.past.PastStore;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;

/// What the options and the environment say. Each file is read once, when it is asked for. Not
/// thread-safe.
public final class Configuration {
  private static final String CONFIG = "PGBACKUP_CONFIG";
  private static final String STORE = "PGBACKUP_STORAGE_URL";
  private static final String PREFIX = "PGBACKUP_STORAGE_PREFIX";

  private final SourceOptions options;
  private final Map<String, String> environment;
  private final Optional<WalgSettings> walg;
  private final Optional<Path> credentials;
  private final ConfigLoader loader;

  private Configuration(
      SourceOptions options,
      Map<String, String> environment,
      Optional<WalgSettings> walg,
      Optional<Path> credentials) {
    this.options = options;
    this.environment = environment;
    this.walg = walg;
    this.credentials = credentials;
    this.loader = new ConfigLoader(environment);
  }

  /// @param notices told what a person should know, on standard error
  public static Configuration of(
      SourceOptions options, Map<String, String> environment, Consumer<String> notices) {
    Optional<WalgSettings> walg = options.walgEnv().map(WalgSettings::read);
    walg.map(WalgSettings::ignored)
        .filter(ignored -> !ignored.isEmpty())
        .ifPresent(
            ignored ->
                notices.accept(
                    "of WAL-G's settings these mean nothing here: "
                        + String.join(", ", new TreeSet<>(ignored))));
    return new Configuration(
        options, walg.map(it -> with(it, environment)).orElse(environment), walg, Optional.empty());
  }

  /// The same where one archive's folder is meant.
  public Configuration withPrefix(String folder) {
    return new Configuration(
        options.withPrefix(Optional.of(folder)), environment, walg, credentials);
  }

  /// The same where the store is reached with another credential than the configuration's.
  ///
  /// @param folder with files of the same names
  public Configuration withCredentialsIn(Path folder) {
    return new Configuration(options, environment, walg, Optional.of(folder));
  }

  /// Whoever names WAL-G's settings means them alone: storage and keys of this environment are
  /// others'.
  private static Map<String, String> with(WalgSettings walg, Map<String, String> environment) {
    Map<String, String> merged = new HashMap<>(environment);
    merged
        .keySet()
        .removeIf(
            name ->
                name.matches(
                    "PGBACKUP_(STORAGE|ENCRYPTION)_.*|AWS_(ENDPOINT.*|S3_FORCE_PATH_STYLE|CA_BUNDLE)"));
    merged.putAll(walg.overrides());
    return merged;
  }

  /// The whole configuration, where a file was named.
  public Optional<PgBackupConfig> file() {
    return options
        .config()
        .or(() -> variable(CONFIG).map(Path::of))
        .map(loader::load)
        .map(
            file ->
                credentials
                    .map(folder -> file.withStorage(file.storage().withCredentialsIn(folder)))
                    .orElse(file));
  }

  /// The file that is meant: the one given, then that of `--config`, then `$PGBACKUP_CONFIG`.
  public Path requirePath(Optional<Path> given) {
    return given
        .or(options::config)
        .or(() -> variable(CONFIG).map(Path::of))
        .orElseThrow(
            () ->
                misconfigured(
                    "no configuration is named",
                    "Name a file, for example /etc/pgbackup/pgbackup.yaml."));
  }

  /// Every key of a file, with the environment's word on it.
  public EffectiveConfig effective(Path file) {
    return loader.effective(file);
  }

  /// @param why ends the sentence "... needs the configuration"
  public PgBackupConfig requireFile(String why) {
    if (walg.isPresent()) {
      throw misconfigured(
          why + " does not take WAL-G's settings",
          "Put them into the agent's configuration; docs/migrate-from-walg.md says how.");
    }
    return file()
        .orElseThrow(
            () ->
                misconfigured(
                    why + " needs the server's configuration",
                    "Name it with --config FILE, for example --config /etc/pgbackup/agent.yaml."));
  }

  /// How its file is named on a command line that does the next step; empty where the environment
  /// names it.
  public String option() {
    return options.config().map(file -> "-c " + file + " ").orElse("");
  }

  /// What is said to whoever issues credentials.
  public BrokerSettings broker() {
    if (walg.isPresent() || options.store().isPresent()) {
      throw misconfigured(
          "--store and --walg-env say nothing about credentials",
          "Name a configuration with a section 'broker': --config FILE.");
    }
    return options
        .config()
        .or(() -> variable(CONFIG).map(Path::of))
        .map(loader::loadBroker)
        .orElseThrow(
            () ->
                misconfigured(
                    "credentials are issued by what a configuration's section 'broker' says",
                    "Name it with --config FILE; docs/credentials.md shows one for each kind of"
                        + " store."));
  }

  /// Where the backups are: `--store` first, then WAL-G's settings, then the file, then the
  /// environment, then the store that `--prefix` names.
  public StorageConfig storage() {
    Optional<StorageConfig> named = named();
    Optional<LiteralPrefix> prefix =
        options
            .prefix()
            .map(
                text ->
                    LiteralPrefix.parse(
                        text, named.map(StorageConfig::url).map(Configuration::bare)));
    StorageConfig storage =
        named
            .or(() -> prefix.flatMap(LiteralPrefix::store).map(loader::fromStoreUrl))
            .orElseThrow(
                () ->
                    misconfigured(
                        "nothing says where the backups are",
                        "Give --config FILE, or --store s3://bucket or --store"
                            + " file:///directory."));
    return prefix.map(folder -> storage.withPrefix(folder.folder())).orElse(storage);
  }

  private static URI bare(URI url) {
    return URI.create(url.toString().replaceAll("(?<=[^/])/+$", ""));
  }

  private Optional<StorageConfig> named() {
    return options
        .store()
        .map(this::atStore)
        .or(() -> walg.flatMap(_ -> variable(STORE)).map(loader::fromStoreUrl))
        .or(() -> file().map(PgBackupConfig::storage))
        .or(() -> variable(STORE).map(loader::fromStoreUrl));
  }

  /// Another store than WAL-G's, reached in the same way: their folder is not meant.
  private StorageConfig atStore(String url) {
    if (walg.isEmpty()) {
      return loader.fromStoreUrl(url);
    }
    Map<String, String> withoutFolder = new HashMap<>(environment);
    withoutFolder.remove(PREFIX);
    return new ConfigLoader(withoutFolder).fromStoreUrl(url);
  }

  /// The one archive that the options name, in whose folder nothing else is looked for.
  public Optional<StoreFolder> folder() {
    boolean named = options.prefix().isPresent() || (walg.isPresent() && options.store().isEmpty());
    return named ? Optional.of(StoreFolder.of(storage().prefix())) : Optional.empty();
  }

  /// Where lineages lie, and where the next one will: a single folder that was named says nothing
  /// about that.
  public PrefixTemplate template() {
    if (folder().isEmpty()) {
      return new PrefixTemplate(storage().prefix());
    }
    return file()
        .map(config -> new PrefixTemplate(config.storage().prefix()))
        .orElse(PrefixTemplate.DEFAULT);
  }

  /// What the agent's configuration calls the archive in its own literal folder.
  public Optional<PgBackupConfig> own() {
    return options.store().isEmpty() && options.prefix().isEmpty() && walg.isEmpty()
        ? file()
        : Optional.empty();
  }

  public ObjectStore open() {
    Optional<AccessKeys> keys = walg.flatMap(WalgSettings::credentials);
    return Stores.open(storage(), keys);
  }

  /// The same store as it stood at an instant.
  public PastStore openAsOf(Instant instant) {
    return Stores.openAsOf(storage(), walg.flatMap(WalgSettings::credentials), instant);
  }

  /// With the keys to read: what the file says, then the environment.
  public ObjectCipher cipher() {
    if (walg.isEmpty()) {
      return Encryption.open(file().map(PgBackupConfig::encryption).orElseGet(loader::encryption));
    }
    try (SecretFiles files = SecretFiles.of(walg.get().secrets())) {
      Map<String, String> withKeys = new HashMap<>(environment);
      withKeys.putAll(files.variables());
      return Encryption.open(new ConfigLoader(withKeys).encryption());
    }
  }

  private Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  private static PgBackupException misconfigured(String message, String hint) {
    return Problem.misconfigured(message, hint).asException();
  }
}
