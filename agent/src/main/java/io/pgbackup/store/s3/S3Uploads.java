package io.pgbackup.store.s3;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.UnfinishedUpload;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.MultipartUpload;

/// Uploads in parts that a bucket still holds open.
record S3Uploads(S3Bucket bucket) {
  private static final int MOST_PAGES = 100;

  /// A store that knows prefixes only as whole keys shows none; one that ignores them shows all.
  List<UnfinishedUpload> in(StoreFolder folder) {
    List<UnfinishedUpload> found = new ArrayList<>();
    String keyMarker = null;
    String idMarker = null;
    for (int page = 0; page < MOST_PAGES; page++) {
      String afterKey = keyMarker;
      String afterId = idMarker;
      ListMultipartUploadsResponse answer =
          bucket.ask(
              "list the unfinished uploads in " + folder,
              client ->
                  client.listMultipartUploads(
                      request ->
                          request
                              .bucket(bucket.name())
                              .prefix(folder.path())
                              .keyMarker(afterKey)
                              .uploadIdMarker(afterId)));
      answer.uploads().stream()
          .filter(upload -> upload.key().startsWith(folder.path()))
          .map(S3Uploads::upload)
          .forEach(found::add);
      keyMarker = answer.nextKeyMarker();
      idMarker = answer.nextUploadIdMarker();
      if (!Boolean.TRUE.equals(answer.isTruncated()) || keyMarker == null) {
        break;
      }
    }
    return List.copyOf(found);
  }

  private static UnfinishedUpload upload(MultipartUpload upload) {
    return new UnfinishedUpload(new ObjectKey(upload.key()), upload.uploadId(), upload.initiated());
  }

  void abort(UnfinishedUpload upload) {
    try {
      bucket.ask(
          "abort an upload of " + upload.key(),
          client ->
              client.abortMultipartUpload(
                  request ->
                      request
                          .bucket(bucket.name())
                          .key(upload.key().value())
                          .uploadId(upload.id())));
    } catch (PgBackupException e) {
      if (!(e.problem() instanceof Problem.NotFound)) {
        throw e;
      }
    }
  }
}
