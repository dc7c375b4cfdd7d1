package io.pgbackup.catalog;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageFolders;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Finds the lineages of a bucket by their claims, and unclaimed archives by their folders.
final class LineageFinder {
  private final ObjectStore store;
  private final Claims claims;

  LineageFinder(ObjectStore store) {
    this.store = store;
    this.claims = new Claims(store);
  }

  List<Lineage> find(PrefixTemplate template) {
    return LineageFolders.find(store, template).stream()
        .flatMap(folder -> lineage(template, folder).stream())
        .sorted(Comparator.comparing(Lineage::cluster).thenComparing(Lineage::uid))
        .toList();
  }

  private Optional<Lineage> lineage(PrefixTemplate template, StoreFolder folder) {
    Optional<Claim> claim = claims.read(folder);
    if (claim.isPresent()) {
      return claim.map(c -> new Lineage(c.cluster(), c.uid(), folder, claim));
    }
    return isArchive(folder) ? Optional.of(unclaimed(template, folder)) : Optional.empty();
  }

  private boolean isArchive(StoreFolder folder) {
    ArchiveLayout layout = new ArchiveLayout(folder);
    List<StoreFolder> inside = store.folders(folder);
    return inside.contains(layout.baseBackups()) || inside.contains(layout.wal());
  }

  /// Named as its path says; a literal folder names cluster and lineage alike.
  private Lineage unclaimed(PrefixTemplate template, StoreFolder folder) {
    String folderName = asName(folder.equals(StoreFolder.ROOT) ? bucketName() : folder.name());
    Optional<PrefixTemplate.Match> match = template.match(folder);
    String namespace =
        match.flatMap(PrefixTemplate.Match::namespace).orElse(ClusterId.DEFAULT_NAMESPACE);
    String cluster = match.flatMap(PrefixTemplate.Match::cluster).orElse(folderName);
    String uid = match.flatMap(PrefixTemplate.Match::uid).orElse(folderName);
    return new Lineage(
        new ClusterId(namespace, cluster), new LineageUid(uid), folder, Optional.empty());
  }

  private String bucketName() {
    String url = store.url().replaceAll("/+$", "");
    return url.substring(url.lastIndexOf('/') + 1);
  }

  private static String asName(String text) {
    String allowed = text.replaceAll("[^A-Za-z0-9._-]", "-").replaceAll("^[^A-Za-z0-9]+", "");
    String name =
        allowed.substring(0, Math.min(63, allowed.length())).replaceAll("[^A-Za-z0-9]+$", "");
    return name.isEmpty() ? "archive" : name;
  }
}
