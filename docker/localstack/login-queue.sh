#!/bin/sh
# Creates login-queue and login-queue-dlq. LocalStack runs this script in its container when it is ready.
set -eu
export AWS_DEFAULT_REGION=us-east-1

# An image that has start scripts creates its queue itself.
for script in /docker-entrypoint-initaws.d/*; do
  [ -e "$script" ] && exit 0
done

awslocal sqs create-queue --queue-name login-queue-dlq
# A message that cannot be stored reaches login-queue-dlq within a minute of its first delivery.
awslocal sqs create-queue --queue-name login-queue --attributes '{
  "VisibilityTimeout": "10",
  "RedrivePolicy": "{\"deadLetterTargetArn\": \"arn:aws:sqs:us-east-1:000000000000:login-queue-dlq\", \"maxReceiveCount\": 3}"
}'
