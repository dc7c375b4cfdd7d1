package io.pgbackup.config;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Reads the YAML file and the environment into [PgBackupConfig], or says everything that is wrong
/// with them at once.
///
/// Every key has an environment override: `storage.pathStyle` is `PGBACKUP_STORAGE_PATH_STYLE`. The
/// empty text counts as not given, in both. A variable that begins like ours and is no key's is a
/// fault, as an unknown key is.
///
/// Immutable; every method throws [io.pgbackup.problem.PgBackupException] with `Misconfigured`.
public final class ConfigLoader {
  private static final YAMLMapper YAML =
      YAMLMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();

  private final Map<String, String> environment;

  public ConfigLoader(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  public PgBackupConfig load(Path file) {
    return parse(source(file), text(file));
  }

  /// What a file says to whoever issues credentials: it has a section `broker`, and need not name a
  /// cluster.
  public BrokerSettings loadBroker(Path file) {
    return parseBroker(source(file), text(file));
  }

  /// Every key with the value that holds. A file that only says how credentials are issued need not
  /// name a cluster.
  public EffectiveConfig effective(Path file) {
    String source = source(file);
    String yaml = text(file);
    JsonNode tree = tree(source, yaml);
    boolean named =
        tree.path("cluster").hasNonNull("name")
            || environment.containsKey(Section.variableOf("cluster.name"));
    boolean issuer = tree.path("broker").hasNonNull("kind");
    EffectiveConfig all =
        named || !issuer ? read(source, yaml) : withAnyCluster().read(source, yaml);
    return new EffectiveConfig(
        all.config(),
        all.settings().stream()
            .filter(setting -> all.config().broker().isPresent() || !isBrokers(setting))
            .filter(setting -> named || !setting.key().equals("cluster.name"))
            .toList());
  }

  private static boolean isBrokers(Setting setting) {
    return setting.key().startsWith("broker.");
  }

  private ConfigLoader withAnyCluster() {
    Map<String, String> withCluster = new HashMap<>(environment);
    withCluster.putIfAbsent(Section.variableOf("cluster.name"), "any");
    return new ConfigLoader(withCluster);
  }

  /// @param source what error messages call it
  public BrokerSettings parseBroker(String source, String yaml) {
    ConfigLoader loader =
        tree(source, yaml).path("cluster").hasNonNull("name") ? this : withAnyCluster();
    PgBackupConfig config = loader.parse(source, yaml);
    return new BrokerSettings(
        config.storage(),
        config
            .broker()
            .orElseThrow(
                () ->
                    Problem.misconfigured(
                            source + " has no section 'broker'",
                            "docs/credentials.md shows one for each kind of store.")
                        .asException()));
  }

  static String source(Path file) {
    return "configuration " + file;
  }

  static String text(Path file) {
    String source = source(file);
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw ConfigFaults.unreadable(source, "there is no such file", e);
    } catch (IOException e) {
      throw ConfigFaults.unreadable(source, e.toString(), e);
    }
  }

  /// @param source what error messages call it
  public PgBackupConfig parse(String source, String yaml) {
    return read(source, yaml).config();
  }

  /// The same with each key's value, of a text that was read before.
  ///
  /// @param source what error messages call it
  EffectiveConfig read(String source, String yaml) {
    JsonNode tree = tree(source, yaml);
    Section.Reading reading = reading(environment);
    PgBackupConfig config = ConfigReader.read(Section.root(tree, reading));
    new UnknownKeys(reading.paths(), reading.faults()).report(tree);
    UnknownVariables.report(environment, keys(), reading.faults());
    reading.faults().throwIfAny(source);
    return new EffectiveConfig(config, List.copyOf(reading.settings().values()));
  }

  /// The storage of a person who gives a URL instead of a file. The usual `AWS_*` variables say the
  /// rest: `AWS_REGION`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or `AWS_ENDPOINT` as WAL-G has
  /// it, `AWS_S3_FORCE_PATH_STYLE`, `AWS_CA_BUNDLE`; `PGBACKUP_STORAGE_...` go before them.
  ///
  /// @param url `s3://bucket` or `file:///directory`
  public StorageConfig fromStoreUrl(String url) {
    checkStoreUrl(url);
    Map<String, String> merged = new HashMap<>(AwsEnvironment.asOverrides(environment));
    merged.putAll(environment);
    merged.put(Section.variableOf("storage.url"), url);
    Section.Reading reading = reading(merged);
    Section root = Section.root(JsonNodeFactory.instance.objectNode(), reading);
    StorageConfig storage = StorageReader.read(root.section("storage"));
    UnknownVariables.report(environment, keys(), reading.faults());
    reading.faults().throwIfAny("the environment");
    return storage;
  }

  /// The keys of a person who gives a URL instead of a file: what `PGBACKUP_ENCRYPTION_...` say.
  public EncryptionConfig encryption() {
    Section.Reading reading = reading(environment);
    Section root = Section.root(JsonNodeFactory.instance.objectNode(), reading);
    EncryptionConfig encryption = EncryptionReader.read(root.section("encryption"));
    reading.faults().throwIfAny("the environment");
    return encryption;
  }

  private static void checkStoreUrl(String url) {
    try {
      Values.STORE_URL.parser().parse(url);
    } catch (IllegalArgumentException e) {
      throw Problem.misconfigured(
              "--store: " + e.getMessage(),
              "Name a bucket, --store s3://backups, or a directory, --store file:///mnt/backups.")
          .causedBy(e);
    }
  }

  private JsonNode tree(String source, String yaml) {
    try {
      JsonNode tree = YAML.readTree(yaml);
      if (tree.isMissingNode() || tree.isNull()) {
        return JsonNodeFactory.instance.objectNode();
      }
      if (!tree.isObject()) {
        throw new IllegalArgumentException("it is not a mapping of keys to values");
      }
      return tree;
    } catch (JacksonException e) {
      String place =
          e.getLocation() == null ? "" : "line %d: ".formatted(e.getLocation().getLineNr());
      throw ConfigFaults.unreadable(source, place + firstLine(e.getOriginalMessage()), e);
    } catch (IllegalArgumentException e) {
      throw ConfigFaults.unreadable(source, String.valueOf(e.getMessage()), e);
    }
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("not YAML");
  }

  private static Section.Reading reading(Map<String, String> environment) {
    return new Section.Reading(
        environment, new ConfigFaults(), new TreeSet<>(), new LinkedHashMap<>());
  }

  /// Every key there is, as a path, sections included.
  static Set<String> keys() {
    Section.Reading reading = reading(Map.of());
    ConfigReader.read(Section.root(JsonNodeFactory.instance.objectNode(), reading));
    return reading.paths();
  }
}
