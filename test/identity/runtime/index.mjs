/** A function for aws-lambda-ric: says what it was asked and what Lambda told it. */

export const handler = async (event, context) => {
  if (event.username === 'thrower') throw new TypeError(`no tenant for ${event.password}`);
  return {
    Role: 'r',
    event,
    functionName: context.functionName,
    invokedFunctionArn: context.invokedFunctionArn,
    hasTime: context.getRemainingTimeInMillis() > 0,
  };
};
