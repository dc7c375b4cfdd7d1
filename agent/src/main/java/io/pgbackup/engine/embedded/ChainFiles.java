package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.FilesMetadataReader;
import io.pgbackup.engine.format.MemberPath;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// Which files of a chain are taken from which of its backups. The newest backup's list says which
/// files there are. One that it skipped, or has only pages of, is looked for in its parent, and so
/// on until a backup holds it whole; what a parent has beyond that was deleted since.
///
/// About 130 bytes of memory for each file, however long the chain. Immutable once read.
final class ChainFiles {
  /// What is done with a tar member.
  enum Use {
    PASS_OVER,
    WHOLE,
    /// Its pages go into the file that an older backup left.
    PAGES
  }

  /// The newest backup's alone, and extracted although no local backup of WAL-G lists them.
  private static final Set<String> OF_THE_NEWEST =
      Set.of("/global/pg_control", "backup_label", "tablespace_map");

  private static final int NOWHERE_YET = -1;
  private static final int NAMED_AT_MOST = 5;

  /// @param listed the oldest link whose list was seen to have the file
  /// @param whole the link that holds the file whole
  /// @param pages the links that hold pages of it
  private record Steps(int listed, int whole, BitSet pages) {
    Steps at(int link, boolean incremented, boolean skipped) {
      BitSet more = pages;
      if (incremented) {
        more = (BitSet) pages.clone();
        more.set(link);
      }
      return new Steps(link, incremented || skipped ? NOWHERE_YET : link, more);
    }
  }

  private final List<BackupName> links;
  private final Map<BackupName, Set<String>> tars = new HashMap<>();
  private final Set<BackupName> listing = new HashSet<>();
  private final Map<String, Steps> files = new HashMap<>();
  private final Map<Steps, Steps> shared = new HashMap<>();
  private final boolean listsExist;

  /// @throws PgBackupException `VerificationFailed` if a delta has no list, or a file lies in no
  ///   backup of the chain
  ChainFiles(BackupChain chain, BackupDocuments documents) {
    this.links = chain.links().stream().map(BackupChain.Link::name).toList();
    for (int link = newest(); link >= 0; link--) {
      read(link, chain.links().get(link), documents);
    }
    this.listsExist = !files.isEmpty();
    shared.clear();
  }

  boolean isNewest(int link) {
    return link == newest();
  }

  private int newest() {
    return links.size() - 1;
  }

  private void read(int link, BackupChain.Link backup, BackupDocuments documents) {
    Lister lister = new Lister(link, backup.sentinel().delta().isPresent());
    boolean there =
        !backup.sentinel().filesMetadataDisabled()
            && documents.filesMetadata(backup.name(), lister);
    if (lister.count > 0) {
      listing.add(backup.name());
    }
    if (lister.count == 0 && backup.sentinel().delta().isPresent()) {
      throw damaged(
          backup.name(),
          there
              ? "its files_metadata.json lists no files"
              : "it is a delta without files_metadata.json, so nobody knows what it consists of");
    }
    if (link < newest()) {
      settle(link, lister.count > 0);
    }
  }

  /// What the link's list does not have is lost, unless it has no list.
  private void settle(int link, boolean hasList) {
    List<String> lost = new ArrayList<>();
    for (Map.Entry<String, Steps> file : files.entrySet()) {
      Steps steps = file.getValue();
      if (steps.whole() == NOWHERE_YET && steps.listed() != link) {
        if (hasList) {
          lost.add(file.getKey());
        } else {
          file.setValue(shared(steps.at(link, false, false)));
        }
      }
    }
    if (!lost.isEmpty()) {
      throw damaged(
          links.getLast(), names(lost) + " should be in " + links.get(link) + " and is not");
    }
  }

  private Steps shared(Steps steps) {
    Steps known = shared.putIfAbsent(steps, steps);
    return known == null ? steps : known;
  }

  /// Reads one link's list.
  private final class Lister implements FilesMetadataReader.Visitor {
    private final int link;
    private final boolean delta;
    private long count;

    private Lister(int link, boolean delta) {
      this.link = link;
      this.delta = delta;
    }

    @Override
    public void file(String member, boolean incremented, boolean skipped, String modified) {
      count++;
      boolean whole = !delta || OF_THE_NEWEST.contains(member);
      if (link == newest()) {
        Steps first = new Steps(link, NOWHERE_YET, new BitSet());
        files.put(member, shared(first.at(link, incremented && !whole, skipped && !whole)));
      } else {
        files.computeIfPresent(
            member,
            (_, steps) ->
                steps.whole() == NOWHERE_YET && steps.listed() != link
                    ? shared(steps.at(link, incremented && !whole, skipped && !whole))
                    : steps);
      }
    }

    @Override
    public void tar(String tar) {
      tars.computeIfAbsent(links.get(link), _ -> new HashSet<>()).add(tar);
    }
  }

  /// Tar objects that a backup of the chain must have; empty for unknown.
  Set<String> tars(BackupName backup) {
    return tars.getOrDefault(backup, Set.of());
  }

  /// Whether the backup says what it consists of.
  boolean hasList(BackupName backup) {
    return listing.contains(backup);
  }

  /// @param link counted from the full backup
  Use use(String member, int link) {
    if (!listsExist || (link == newest() && OF_THE_NEWEST.contains(member))) {
      return Use.WHOLE;
    }
    Steps steps = files.get(member);
    if (steps == null) {
      return Use.PASS_OVER;
    }
    return steps.whole() == link ? Use.WHOLE : steps.pages().get(link) ? Use.PAGES : Use.PASS_OVER;
  }

  /// Whether nothing younger changes the file that this link brings.
  boolean isFinal(String member, int link) {
    Steps steps = files.get(member);
    return steps == null || steps.pages().nextSetBit(link + 1) < 0;
  }

  /// Members that this link must bring and did not, ascending. Of the newest only what stands on an
  /// older one: WAL-G lists directories too, and old versions listed files that vanished while they
  /// were read.
  ///
  /// @param arrived asked for paths
  /// @throws PgBackupException `VerificationFailed` if there are any
  void requireArrived(int link, Predicate<String> arrived) {
    List<String> lost = new ArrayList<>();
    files.forEach(
        (member, steps) -> {
          boolean needed = steps.pages().get(link) || (steps.whole() == link && link < newest());
          if (needed && !arrived.test(path(member))) {
            lost.add(member);
          }
        });
    if (!lost.isEmpty()) {
      throw damaged(links.getLast(), names(lost) + " is in no tar of " + links.get(link));
    }
  }

  /// Members that the newest backup lists as its own.
  List<String> wholeInTheNewest() {
    return files.entrySet().stream()
        .filter(file -> file.getValue().whole() == newest())
        .map(Map.Entry::getKey)
        .toList();
  }

  private String path(String member) {
    return MemberPath.of(member, links.getLast() + "/files_metadata.json");
  }

  private static String names(List<String> members) {
    members.sort(Comparator.naturalOrder());
    String first = String.join(", ", members.subList(0, Math.min(NAMED_AT_MOST, members.size())));
    return members.size() <= NAMED_AT_MOST
        ? first
        : first + " and " + (members.size() - NAMED_AT_MOST) + " more";
  }

  private static PgBackupException damaged(BackupName backup, String reason) {
    return Problem.verificationFailed(
            "the base backup " + backup + " cannot be restored: " + reason,
            "Choose another base backup; 'pgbackup backups' lists them.")
        .asException();
  }
}
