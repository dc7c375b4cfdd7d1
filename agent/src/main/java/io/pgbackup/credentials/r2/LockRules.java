package io.pgbackup.credentials.r2;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.credentials.r2.LockPlan.Change;
import io.pgbackup.credentials.r2.LockPlan.Kind;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// All lock rules of a bucket, in Cloudflare's order. Pure and immutable.
public record LockRules(List<LockRule> rules) {
  /// Cloudflare's limit for one bucket.
  static final int MOST = 1000;

  public LockRules {
    rules = List.copyOf(rules);
  }

  /// @param result of Cloudflare's answer
  /// @throws IllegalArgumentException if a rule could not be written back as it is
  static LockRules read(JsonNode result) {
    JsonNode list = result.path("rules");
    if (!result.isObject() || !(list.isArray() || list.isMissingNode())) {
      throw new IllegalArgumentException("it holds no list of rules");
    }
    List<LockRule> rules = new ArrayList<>();
    list.forEach(rule -> rules.add(LockRule.read(rule)));
    return new LockRules(rules);
  }

  /// As Cloudflare takes it.
  ObjectNode body() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    var list = body.putArray("rules");
    rules.forEach(rule -> list.add(rule.json()));
    return body;
  }

  /// What of a lineage is written once and never changed: prefix by kind.
  private static Map<String, String> unchanging(ArchiveLayout layout) {
    Map<String, String> prefixes = new LinkedHashMap<>();
    prefixes.put("base", layout.baseBackups().path());
    prefixes.put("wal", layout.wal().path());
    prefixes.put("manifests", layout.manifests().path());
    prefixes.put("claim", layout.claim().value());
    return prefixes;
  }

  /// What is written again or taken away in normal work.
  private static List<String> changing(ArchiveLayout layout) {
    return List.of(layout.leases().path(), layout.holds().path(), layout.probe().value());
  }

  /// What has to be added and changed so that these archives are locked. Other rules stay as they
  /// are, and in their places.
  ///
  /// @param archives the lineages' folders
  /// @param age how long each object is locked from when it was written
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if somebody gave a rule of ours
  ///   another prefix, or the bucket would have more rules than Cloudflare takes
  public LockPlan plan(List<StoreFolder> archives, Duration age) {
    Map<String, LockRule> after = new LinkedHashMap<>();
    rules.forEach(rule -> after.put(rule.id(), rule));
    List<Change> changes = new ArrayList<>();
    for (StoreFolder archive : archives) {
      unchanging(new ArchiveLayout(archive))
          .forEach(
              (kind, prefix) -> {
                Change change = change(LockRule.of(kind, prefix, age), after);
                changes.add(change);
                after.put(change.rule().id(), change.rule());
              });
    }
    if (after.size() > MOST) {
      throw Problem.refused(
              "the bucket would have %d lock rules, and R2 takes %d".formatted(after.size(), MOST),
              "Remove rules of lineages that no longer exist, or keep some clusters in another"
                  + " bucket.")
          .asException();
    }
    return new LockPlan(changes, new LockRules(List.copyOf(after.values())));
  }

  private static Change change(LockRule wanted, Map<String, LockRule> known) {
    Optional<LockRule> standing = Optional.ofNullable(known.get(wanted.id()));
    if (standing.isEmpty()) {
      return new Change(Kind.ADD, wanted, standing);
    }
    if (!standing.get().prefix().equals(wanted.prefix())) {
      throw Problem.refused(
              "the lock rule '%s' is for '%s' and not for '%s'"
                  .formatted(wanted.id(), standing.get().prefix(), wanted.prefix()),
              "Somebody changed it: give it another name in the Cloudflare dashboard.")
          .asException();
    }
    Duration age = wanted.age().orElseThrow();
    Kind kind = kind(standing.get(), age);
    return new Change(
        kind, kind == Kind.KEEP ? standing.get() : standing.get().enabledFor(age), standing);
  }

  private static Kind kind(LockRule standing, Duration age) {
    if (!standing.isEnabled()) {
      return Kind.ENABLE;
    }
    // one that ends on a date locks for a time that nobody here compares
    int compared = standing.age().map(it -> it.compareTo(age)).orElse(1);
    return compared == 0 ? Kind.KEEP : compared < 0 ? Kind.LENGTHEN : Kind.SHORTEN;
  }

  /// What of an archive no rule locks for as long as this.
  public List<String> unlocked(StoreFolder archive, Duration age) {
    return unchanging(new ArchiveLayout(archive)).values().stream()
        .filter(prefix -> longest(prefix).filter(locked -> locked.compareTo(age) >= 0).isEmpty())
        .toList();
  }

  /// The longest of several rules counts.
  private Optional<Duration> longest(String prefix) {
    return rules.stream()
        .filter(rule -> rule.locks(prefix))
        .flatMap(rule -> rule.age().stream())
        .max(Comparator.naturalOrder());
  }

  /// A rule that stands in the way.
  ///
  /// @param prefix what it locks, and must not
  public record Obstacle(LockRule rule, String prefix) {}

  /// Rules that lock what must stay changeable, so that no lease could be renewed.
  public List<Obstacle> obstacles(StoreFolder archive) {
    return changing(new ArchiveLayout(archive)).stream()
        .flatMap(prefix -> touching(prefix).map(rule -> new Obstacle(rule, prefix)))
        .toList();
  }

  private Stream<LockRule> touching(String prefix) {
    return rules.stream().filter(rule -> rule.touches(prefix));
  }

  /// Names of the rules that stand in one of the two and not, or otherwise, in the other.
  List<String> differences(LockRules other) {
    return Stream.concat(missing(other), other.missing(this)).distinct().toList();
  }

  private Stream<String> missing(LockRules other) {
    return rules.stream()
        .filter(rule -> other.rules.stream().noneMatch(rule::isLike))
        .map(LockRule::id);
  }
}
