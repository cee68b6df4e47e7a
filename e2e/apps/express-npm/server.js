import express from 'express';

const app = express();
app.get('/', (_request, response) => {
  response.json({ app: 'express-npm', greeting: 'hello' });
});
app.listen(process.env.PORT ?? 3000, () => console.log('ready'));
