package io.pgbackup.restore;

import static java.util.stream.Collectors.joining;

import io.pgbackup.engine.format.TablespaceSpec;
import io.pgbackup.engine.format.TablespaceSpec.Tablespace;
import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Gives every tablespace of a backup its place. Pure.
///
/// @param names of tablespaces by their numbers, as far as the archive tells them
public record TablespaceTargets(RestorePlan plan, Map<String, String> names) {
  /// @param target where the data directory goes, for the proposal
  /// @return a directory for each tablespace, by its number
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if a mapping is of no tablespace
  ///   of the backup, `Refused` with options to copy if one has no place
  public Map<String, Path> resolve(List<TablespaceMapping> mappings, Path target) {
    List<Tablespace> known =
        plan.backup().tablespaces().map(TablespaceSpec::tablespaces).orElse(List.of());
    Map<String, Path> places = new TreeMap<>();
    for (TablespaceMapping mapping : mappings) {
      if (places.putIfAbsent(number(mapping, known), mapping.directory()) != null) {
        throw Problem.misconfigured(
                "the tablespace " + mapping.which() + " is given two places",
                "Give --tablespace once for each tablespace.")
            .asException();
      }
    }
    List<Tablespace> homeless =
        known.stream().filter(tablespace -> !places.containsKey(tablespace.oid())).toList();
    if (!homeless.isEmpty()) {
      throw Problem.refused(
              "backup %s has tablespaces that need a place: %s"
                  .formatted(plan.backup().name(), list(homeless)),
              "Say where each goes, for example: "
                  + homeless.stream()
                      .map(tablespace -> proposal(tablespace.oid(), target))
                      .collect(joining(" "))
                  + ".")
          .asException();
    }
    return places;
  }

  /// For example `--tablespace 16391=/srv/new.tablespaces/16391`.
  static String proposal(String oid, Path target) {
    return "--tablespace "
        + oid
        + "="
        + target.resolveSibling(target.getFileName() + ".tablespaces").resolve(oid);
  }

  private String number(TablespaceMapping mapping, List<Tablespace> known) {
    List<String> found =
        known.stream()
            .filter(tablespace -> isMeant(mapping.which(), tablespace))
            .map(Tablespace::oid)
            .toList();
    if (found.size() == 1) {
      return found.getFirst();
    }
    if (known.isEmpty() && mapping.which().matches("[0-9]{1,10}")) {
      // A minimal sentinel does not list them; the tars then show whether it was right.
      return mapping.which();
    }
    throw Problem.misconfigured(
            "backup %s has no tablespace %s".formatted(plan.backup().name(), mapping.which()),
            known.isEmpty()
                ? "It has none; leave out --tablespace."
                : "It has " + list(known) + ".")
        .asException();
  }

  private boolean isMeant(String which, Tablespace tablespace) {
    return which.equals(tablespace.oid())
        || which.equals(names.get(tablespace.oid()))
        || (which.startsWith("/")
            && Path.of(which).normalize().equals(Path.of(tablespace.location()).normalize()));
  }

  private String list(List<Tablespace> tablespaces) {
    return tablespaces.stream().map(this::describe).collect(joining(", "));
  }

  private String describe(Tablespace tablespace) {
    String name = names.get(tablespace.oid());
    return "%s (%s%s)"
        .formatted(
            tablespace.oid(), name == null ? "" : name + ", ", "was " + tablespace.location());
  }
}
