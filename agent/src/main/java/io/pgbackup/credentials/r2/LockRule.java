package io.pgbackup.credentials.r2;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;

/// One lock rule of a bucket of R2: what lies below its prefix can be neither deleted nor
/// overwritten for a time. Immutable.
public final class LockRule {
  /// Of a rule that locks until somebody removes it.
  private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

  private static final String OURS = "pgbackup-";
  private static final String AGE = "Age";

  /// As Cloudflare wrote it, with whatever else stands in it: another's rule goes back unchanged.
  private final ObjectNode json;

  private LockRule(ObjectNode json) {
    this.json = json;
  }

  /// @throws IllegalArgumentException if it has no id, or says not what it locks
  static LockRule read(JsonNode json) {
    if (!(json instanceof ObjectNode rule)
        || rule.path("id").asText("").isEmpty()
        || !(rule.path("prefix").isTextual() || !rule.hasNonNull("prefix"))
        || !rule.path("enabled").isBoolean()
        || !rule.path("condition").path("type").isTextual()) {
      throw new IllegalArgumentException("a rule has no id, 'enabled' or condition");
    }
    return new LockRule(rule.deepCopy());
  }

  /// A rule of ours; its name follows from the prefix.
  ///
  /// @param kind what lies there: `wal`
  static LockRule of(String kind, String prefix, Duration age) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", OURS + kind + "-" + digest(prefix))
            .put("enabled", true)
            .put("prefix", prefix);
    json.putObject("condition").put("type", AGE).put("maxAgeSeconds", age.toSeconds());
    return new LockRule(json);
  }

  private static String digest(String text) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  public String id() {
    return json.path("id").asText();
  }

  /// Literal; empty for the whole bucket.
  public String prefix() {
    return json.path("prefix").asText("");
  }

  boolean isEnabled() {
    return json.path("enabled").booleanValue();
  }

  /// How long each object is locked from when it was written. Empty for a rule that ends on a date,
  /// or of a kind that is not known here.
  public Optional<Duration> age() {
    JsonNode condition = json.path("condition");
    return switch (condition.path("type").textValue()) {
      case AGE -> Optional.of(Duration.ofSeconds(condition.path("maxAgeSeconds").longValue()));
      case "Indefinite" -> Optional.of(FOREVER);
      default -> Optional.empty();
    };
  }

  public boolean isForever() {
    return age().filter(FOREVER::equals).isPresent();
  }

  /// This rule in effect, with another time; what else stands in it stays.
  LockRule enabledFor(Duration age) {
    ObjectNode changed = json.deepCopy().put("enabled", true);
    changed.putObject("condition").put("type", AGE).put("maxAgeSeconds", age.toSeconds());
    return new LockRule(changed);
  }

  boolean locks(String key) {
    return isEnabled() && key.startsWith(prefix());
  }

  /// Whether anything below the key's or folder's name is locked by it.
  boolean touches(String keyPrefix) {
    return isEnabled() && (keyPrefix.startsWith(prefix()) || prefix().startsWith(keyPrefix));
  }

  JsonNode json() {
    return json.deepCopy();
  }

  /// Whether it locks the same for as long; another's rule must also be the same word by word.
  boolean isLike(LockRule other) {
    boolean same =
        id().equals(other.id())
            && prefix().equals(other.prefix())
            && isEnabled() == other.isEnabled()
            && age().equals(other.age());
    return same && (id().startsWith(OURS) || json.equals(other.json));
  }

  @Override
  public String toString() {
    return json.toString();
  }
}
