package io.pgbackup.verify;

import io.pgbackup.engine.format.FileDescription.Content;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.verify.TarContent.Member;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/// Compares what tars held with what the archive says of the backup. Without I/O. Thread-safe.
final class FileComparison {
  private static final int NAMED_AT_MOST = 3;

  /// Without them no server starts; a delta takes the first from its full backup.
  private static final List<String> OF_EVERY_BACKUP = List.of(ControlFile.PATH, "backup_label");

  private final Optional<Map<String, ManifestFile>> manifest;
  private final Set<String> unseen;
  private final Optional<SystemIdentifier> system;
  private final Set<String> lost = new HashSet<>();
  private final Set<String> cut = new TreeSet<>();
  private final Map<String, List<String>> changed = new TreeMap<>();
  private final Map<String, List<String>> strange = new TreeMap<>();
  private final List<String> wrongControl = new ArrayList<>();
  private final Set<String> needed;
  private int tars;
  private long files;
  private long bytes;

  /// @param manifest by path; what is found is taken out
  /// @param listed WAL-G's list
  /// @param delta whether the backup stands on another one
  /// @param system what the control file must say
  FileComparison(
      Optional<Map<String, ManifestFile>> manifest,
      ListedFiles listed,
      boolean delta,
      Optional<SystemIdentifier> system) {
    this.manifest = manifest;
    this.unseen = new HashSet<>(listed.own());
    this.system = system;
    this.needed = new TreeSet<>(OF_EVERY_BACKUP);
    if (!delta) {
      needed.add("PG_VERSION");
    }
  }

  synchronized void tar(TarContent content) {
    tars++;
    files += content.members().size();
    bytes += content.bytes();
    for (Member member : content.members()) {
      needed.remove(member.path());
      unseen.remove(member.path());
      manifest.ifPresent(expected -> compare(content.tar(), expected, member));
    }
    content.others().forEach(unseen::remove);
    if (content.perhapsCut()) {
      cut.add(content.tar());
    }
    content
        .control()
        .map(ControlFile::systemIdentifier)
        .filter(found -> system.filter(expected -> !expected.equals(found)).isPresent())
        .ifPresent(found -> wrongControl.add(content.tar() + " of " + found));
  }

  private void compare(String tar, Map<String, ManifestFile> manifest, Member member) {
    ManifestFile expected = manifest.remove(member.path());
    if (expected == null) {
      strange.computeIfAbsent(tar, _ -> new ArrayList<>()).add(member.path());
    } else if (expected.size() != member.size()
        || !(expected.sha256().isEmpty() || expected.sha256().equals(member.sha256()))) {
      changed.computeIfAbsent(tar, _ -> new ArrayList<>()).add(member.path());
    }
  }

  /// A tar that is not there, or could not be read to its end; what it should hold is not asked for
  /// file by file.
  synchronized void lost(String tar) {
    lost.add(tar);
  }

  synchronized int tars() {
    return tars;
  }

  synchronized long files() {
    return files;
  }

  synchronized long bytes() {
    return bytes;
  }

  /// What is wrong, once every tar was given.
  ///
  /// @param key of a tar by its name
  synchronized List<Fault> faults(UnaryOperator<String> key) {
    List<Fault> faults = new ArrayList<>();
    changed.forEach(
        (tar, paths) ->
            faults.add(fault(key, tar, names(paths) + " not as it was backed up, by its digest")));
    strange.forEach(
        (tar, paths) ->
            faults.add(
                fault(key, tar, names(paths) + " in the tar, and not in the manifest or twice")));
    missing()
        .forEach(
            (tar, paths) ->
                faults.add(fault(key, tar, names(paths) + " in the manifest, and in no tar")));
    if (lost.isEmpty() && manifest.isEmpty() && !needed.isEmpty()) {
      faults.add(
          fault(key, "", String.join(", ", needed) + " missing: no server starts without it"));
    }
    if (manifest.isEmpty() && !unseen.isEmpty()) {
      cut.forEach(
          tar ->
              faults.add(fault(key, tar, "ends without a mark of its end, and files are missing")));
    }
    wrongControl.forEach(
        words ->
            faults.add(
                fault(
                    key,
                    words.substring(0, words.indexOf(' ')),
                    "its control file is"
                        + words.substring(words.indexOf(' '))
                        + ", and the backup of "
                        + system.map(SystemIdentifier::toString).orElse(""))));
    return faults;
  }

  private Map<String, List<String>> missing() {
    Map<String, List<String>> missing = new TreeMap<>();
    manifest.stream()
        .flatMap(files -> files.values().stream())
        .filter(file -> file.content() != Content.OF_THE_PARENT && !lost.contains(file.part()))
        .forEach(
            file -> missing.computeIfAbsent(file.part(), _ -> new ArrayList<>()).add(file.path()));
    return missing;
  }

  private static Fault fault(UnaryOperator<String> key, String tar, String reason) {
    return new Fault(key.apply(tar), reason, Fault.LOOK);
  }

  /// What WAL-G's list has beyond the tars: old versions listed files that vanished while they were
  /// read, so it is no fault.
  synchronized List<String> notes() {
    List<String> paths = new ArrayList<>(unseen);
    return manifest.isPresent() || paths.isEmpty() || !lost.isEmpty()
        ? List.of()
        : List.of(names(paths) + " in files_metadata.json, and in no tar");
  }

  /// With the verb that fits.
  private static String names(List<String> paths) {
    paths.sort(null);
    int named = Math.min(NAMED_AT_MOST, paths.size());
    String first = String.join(", ", paths.subList(0, named));
    return paths.size() == 1
        ? first + " is"
        : first + (paths.size() > named ? " and " + (paths.size() - named) + " more are" : " are");
  }
}
