/** The session policy that keeps users at home, as the AWS guide prints it (aws-transfer.md section 4.6, our minimal form). */
export const HOME_LOCK_DOWN = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'List',
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: 'arn:aws:s3:::${transfer:HomeBucket}',
      Condition: { StringLike: { 's3:prefix': ['${transfer:HomeFolder}/*', '${transfer:HomeFolder}'] } },
    },
    {
      Sid: 'Objects',
      Effect: 'Allow',
      Action: [
        's3:PutObject',
        's3:GetObject',
        's3:DeleteObject',
        's3:GetObjectVersion',
        's3:DeleteObjectVersion',
      ],
      Resource: 'arn:aws:s3:::${transfer:HomeDirectory}/*',
    },
  ],
};
