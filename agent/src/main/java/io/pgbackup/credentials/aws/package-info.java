/// AWS: sessions of an IAM role, each limited to one cluster by a policy of its own.
///
/// Tried against a stand-in that follows the documented wire format of STS, and against the STS of
/// MinIO where both agree; never yet against AWS.
@NullMarked
package io.pgbackup.credentials.aws;

import org.jspecify.annotations.NullMarked;
