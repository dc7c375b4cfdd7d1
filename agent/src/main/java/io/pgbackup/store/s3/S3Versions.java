package io.pgbackup.store.s3;

import io.pgbackup.problem.Problem;
import io.pgbackup.store.FolderListing;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectVersion;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.VersionedStore;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.DeleteMarkerEntry;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// The versions that a bucket keeps. The right to ask for the bucket's configuration is not needed.
final class S3Versions implements VersionedStore {
  private static final String HOW =
      "What was overwritten or deleted is gone; leave --as-of out. docs/immutability.md says how to"
          + " keep versions from now on.";

  private final S3Bucket bucket;
  private final String url;
  private final boolean r2;
  private final Function<VersionOfObject, InputStream> reader;

  record VersionOfObject(ObjectKey key, String id) {}

  /// @param r2 whether it is Cloudflare's, which has no versions and is not asked
  S3Versions(
      S3Bucket bucket, String url, boolean r2, Function<VersionOfObject, InputStream> reader) {
    this.bucket = bucket;
    this.url = url;
    this.r2 = r2;
    this.reader = reader;
  }

  @Override
  public Keeping keeping() {
    if (r2) {
      throw Problem.refused(
              url + " lies in Cloudflare R2, which keeps no versions",
              "There is no earlier state to read; leave --as-of out. What protects archives in R2 are"
                  + " lock rules, see docs/immutability.md.")
          .asException();
    }
    Optional<BucketVersioningStatus> answer =
        bucket.ask(
            "ask whether versions are kept",
            client -> {
              try {
                return Optional.of(
                    Optional.ofNullable(
                            client
                                .getBucketVersioning(request -> request.bucket(bucket.name()))
                                .status())
                        .orElse(BucketVersioningStatus.UNKNOWN_TO_SDK_VERSION));
              } catch (S3Exception e) {
                if (e.statusCode() == 403 || e.statusCode() == 501) {
                  return Optional.empty();
                }
                throw e;
              }
            });
    if (answer.isEmpty()) {
      return Keeping.UNKNOWN;
    }
    return switch (answer.get()) {
      case ENABLED -> Keeping.KEPT;
      case SUSPENDED -> Keeping.SUSPENDED;
      case UNKNOWN_TO_SDK_VERSION ->
          throw Problem.refused(url + " keeps no versions", HOW).asException();
    };
  }

  @Override
  public Stream<ObjectVersion> versions(String keyPrefix) {
    return pages(keyPrefix, null).flatMap(page -> versions(page).stream());
  }

  @Override
  public Stream<ObjectVersion> versions(StoreFolder parent, String namePrefix) {
    return pages(parent.path() + namePrefix, "/").flatMap(page -> versions(page).stream());
  }

  /// The SDK tells versions and deletions apart; here they are joined again, by key.
  private static List<ObjectVersion> versions(ListObjectVersionsResponse page) {
    List<ObjectVersion> objects =
        page.versions().stream()
            .filter(version -> ObjectKey.isKey(version.key()))
            .map(S3Versions::version)
            .toList();
    List<ObjectVersion> deletions =
        page.deleteMarkers().stream()
            .filter(deletion -> ObjectKey.isKey(deletion.key()))
            .map(S3Versions::version)
            .toList();
    List<ObjectVersion> all = new ArrayList<>(objects.size() + deletions.size());
    int next = 0;
    for (ObjectVersion deletion : deletions) {
      while (next < objects.size() && objects.get(next).key().compareTo(deletion.key()) < 0) {
        all.add(objects.get(next++));
      }
      all.add(deletion);
    }
    all.addAll(objects.subList(next, objects.size()));
    return all;
  }

  private static ObjectVersion version(
      software.amazon.awssdk.services.s3.model.ObjectVersion version) {
    return new ObjectVersion(
        new ObjectKey(version.key()),
        version.versionId(),
        version.lastModified(),
        Boolean.TRUE.equals(version.isLatest()),
        /* deletion= */ false,
        version.size(),
        version.eTag());
  }

  private static ObjectVersion version(DeleteMarkerEntry deletion) {
    return new ObjectVersion(
        new ObjectKey(deletion.key()),
        deletion.versionId(),
        deletion.lastModified(),
        Boolean.TRUE.equals(deletion.isLatest()),
        /* deletion= */ true,
        0,
        "");
  }

  @Override
  public FolderListing foldersEver(StoreFolder parent, int most) {
    List<StoreFolder> found = new ArrayList<>();
    int asked = 0;
    boolean complete = false;
    for (var pages = pages(parent.path(), "/").limit(most).iterator(); pages.hasNext(); asked++) {
      ListObjectVersionsResponse page = pages.next();
      page.commonPrefixes().stream()
          .map(CommonPrefix::prefix)
          .filter(path -> ObjectKey.isKey(path.substring(0, path.length() - 1)))
          .map(StoreFolder::new)
          .forEach(found::add);
      complete = !Boolean.TRUE.equals(page.isTruncated());
    }
    return new FolderListing(found, asked, complete);
  }

  private Stream<ListObjectVersionsResponse> pages(String prefix, @Nullable String delimiter) {
    return Stream.iterate(
        page(prefix, delimiter, null),
        page -> page != null,
        page -> Boolean.TRUE.equals(page.isTruncated()) ? page(prefix, delimiter, page) : null);
  }

  private ListObjectVersionsResponse page(
      String prefix, @Nullable String delimiter, @Nullable ListObjectVersionsResponse before) {
    return bucket.ask(
        "list the versions of "
            + (prefix.isEmpty() ? "objects" : prefix)
            + " (s3:ListBucketVersions)",
        client ->
            client.listObjectVersions(
                request ->
                    request
                        .bucket(bucket.name())
                        .prefix(prefix)
                        .delimiter(delimiter)
                        .keyMarker(before == null ? null : before.nextKeyMarker())
                        .versionIdMarker(before == null ? null : before.nextVersionIdMarker())));
  }

  @Override
  public Optional<StoredObject> head(ObjectKey key, String versionId) {
    return bucket.head(key, versionId).map(head -> S3Bucket.object(key, head));
  }

  @Override
  public InputStream open(ObjectKey key, String versionId) {
    return reader.apply(new VersionOfObject(key, versionId));
  }
}
